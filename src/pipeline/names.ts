/** Which names the steps of a pipeline use, and which of them nothing stands behind: told before anything is asked. */
import {evaluate} from './evaluate.ts'
import {callsIn, pathsIn, readExpression, type Expression} from './expression.ts'
import {functions, special} from './functions.ts'
import {builtins} from './scope.ts'
import {type BoundStep, type Template} from './step.ts'
import {mistakesIn, placeholdersIn} from './template.ts'

/** What is wrong with the use of a name, and where in the step's settings it stands. */
export interface Wrong {
  readonly step: BoundStep
  readonly path: readonly PropertyKey[]
  /** The template, and the piece of it that is meant; null: all of it. */
  readonly text: string
  readonly raw: string | null
  readonly start: number
  readonly code: 'unknown-step' | 'unknown-name' | 'unknown-function' | 'bad-expression' | 'unreachable'
  readonly message: string
  /** The name itself where it is one of a value. */
  readonly value: string | null
}

interface Known {
  readonly values: ReadonlySet<string>
  /** Variables that any step sets: in a loop, a later one sets them for the next round. */
  readonly state: ReadonlySet<string>
  /** Grows from step to step. */
  readonly earlier: Set<string>
  readonly all: ReadonlySet<string>
  readonly locals: readonly string[]
}

/** @param values names that are given, and those of the file's own variables */
export function wrongNamesIn(steps: readonly BoundStep[], values: readonly string[]): readonly Wrong[] {
  const all = visibleIn(steps)
  const known: Known = {
    values: new Set(values),
    state: new Set(all.flatMap(({sets}) => sets)),
    earlier: new Set(),
    all: new Set(all.map(({name}) => name)),
    locals: [],
  }
  return wrongIn(steps, known)
}

function wrongIn(steps: readonly BoundStep[], known: Known): readonly Wrong[] {
  const wrong: Wrong[] = []
  const {earlier} = known
  for (const step of steps) {
    wrong.push(...wrongInStep(step, known))
    for (const branch of step.branches) {
      if (branch.alone !== null) {
        wrong.push(...wrongNamesIn(branch.steps, branch.alone))
        continue
      }
      const locals = [...known.locals, ...branch.locals]
      // branches may run at the same time and do not see each other
      wrong.push(...wrongIn(branch.steps, {...known, earlier: new Set(earlier), locals}))
    }
    // what ran inside stays to be seen
    for (const {name} of visibleIn([step])) earlier.add(name)
  }
  return wrong
}

/** Without those of pipelines of their own. */
const visibleIn = (steps: readonly BoundStep[]): readonly BoundStep[] =>
  steps.flatMap((step) => [
    step,
    ...step.branches.flatMap(({steps: inside, alone}) => (alone === null ? visibleIn(inside) : [])),
  ])

function wrongInStep(step: BoundStep, known: Known): readonly Wrong[] {
  const steps = step.uses.flatMap(({path, text}) => {
    const message = wrongStep(text, step.name, known)
    const at = {step, path, text, raw: null, start: 0, value: null}
    return message === null ? [] : [{...at, code: 'unknown-step' as const, message}]
  })
  return [
    ...steps,
    ...step.templates.flatMap((template) => wrongInTemplate(step, template, known)),
    ...step.expressions.flatMap((template) => wrongInExpression(step, template, known)),
  ]
}

function wrongInTemplate(step: BoundStep, template: Template, known: Known): readonly Wrong[] {
  const {path, text, knows = []} = template
  const isWord = (word: string): boolean => isName([word], knows, known) || known.all.has(word) || word === 'steps'
  return [
    ...placeholdersIn(text).flatMap(({raw, tree, start}) =>
      wrongInTree(tree, knows, step, known).map((each) => ({
        ...each,
        step,
        path,
        text,
        raw,
        start,
        message: `${raw}: ${each.message}`,
      })),
    ),
    ...mistakesIn(text, isWord).map(({raw, start, why}) => ({
      step,
      path,
      text,
      raw,
      start,
      value: null,
      code: 'bad-expression' as const,
      message: `${raw}: ${why}; names, paths and calculations may stand in braces, as in {{steps.analysis.findings[0]}}`,
    })),
  ]
}

function wrongInExpression(step: BoundStep, {path, text, knows = []}: Template, known: Known): readonly Wrong[] {
  const at = {step, path, text, raw: null, start: 0}
  const read = readExpression(text)
  if (!read.ok) return [{...at, code: 'bad-expression', message: `${text}: ${read.message}`, value: null}]
  const wrong = wrongInTree(read.tree, knows, step, known).map((each) => ({
    ...at,
    ...each,
    message: `${text}: ${each.message}`,
  }))
  const constant = path[0] === 'condition' ? constantOf(read.tree) : null
  if (constant === null) return wrong
  const message = `${text}: ${constant ? 'always holds: leave it out' : 'never holds: the step never runs'}`
  return [...wrong, {...at, code: 'unreachable', message, value: null}]
}

/** null: it depends on something. */
function constantOf(tree: Expression): boolean | null {
  if (pathsIn(tree).length > 0 || callsIn(tree).includes('now')) return null
  return Boolean(evaluate(tree, {find: () => undefined, now: 0}).value)
}

type InTree = Pick<Wrong, 'code' | 'message' | 'value'>

function wrongInTree(tree: Expression, knows: readonly string[], step: BoundStep, known: Known): readonly InTree[] {
  const isKnown = (path: readonly string[]): boolean => isName(path, knows, known)
  const names = pathsIn(tree, isKnown).flatMap((path): readonly InTree[] => {
    if (isKnown(path)) return []
    const [root = '', second = ''] = path
    if (root === 'steps' || known.all.has(root)) {
      const name = root === 'steps' ? second : root
      const message = wrongStep(name, step.name, known) ?? `there is no step \`${name}\``
      return [{code: 'unknown-name', message, value: null}]
    }
    const value = ['inputs', 'state', 'global_vars', 'variables', 'vars'].includes(root) ? second : root
    return [
      {code: 'unknown-name', message: `nothing is called \`${value}\`; there are: ${listOf(knows, known)}`, value},
    ]
  })
  const calls = callsIn(tree).flatMap((name): readonly InTree[] =>
    Object.hasOwn(functions, name) || Object.hasOwn(special, name)
      ? []
      : [{code: 'unknown-function', message: `\`${name}\` is not a function`, value: null}],
  )
  return [...names, ...calls]
}

const listOf = (knows: readonly string[], {values, state, earlier}: Known): string =>
  [...new Set([...knows, ...values, ...state]), ...[...earlier].map((step) => `steps.${step}`)].slice(0, 40).join(', ')

function isName([root = '', second]: readonly string[], knows: readonly string[], known: Known): boolean {
  const isValue = (name: string): boolean => known.values.has(name) || known.state.has(name)
  if (knows.includes(root) || known.locals.includes(root)) return true
  if (root === 'steps') return second !== undefined && known.earlier.has(second)
  if (root === 'inputs') return second === undefined || known.values.has(second)
  if (['state', 'global_vars', 'variables', 'vars'].includes(root)) return second === undefined || isValue(second)
  if (root === 'previous_response') return known.earlier.size > 0
  return isValue(root) || known.earlier.has(root) || (builtins.includes(root) && root !== 'steps')
}

function wrongStep(name: string, self: string, {earlier, all}: Known): string | null {
  if (earlier.has(name)) return null
  if (name === self) return `step \`${name}\` cannot use its own result`
  if (all.has(name)) return `step \`${name}\` comes later; a step can only use what ran before it`
  return earlier.size === 0
    ? `there is no step \`${name}\`, and this is the first one`
    : `there is no step \`${name}\`; before this one there are: ${[...earlier].slice(0, 40).join(', ')}`
}
