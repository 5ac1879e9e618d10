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
  readonly code: 'unknown-step' | 'unknown-name' | 'unknown-function' | 'bad-expression' | 'unreachable' | 'outside'
  readonly message: string
  /** The name itself where it is one of a value. */
  readonly value: string | null
}

/** What the steps say of names. */
export interface Names {
  readonly wrong: readonly Wrong[]
  /** Values that must be given: all that would be unknown if nothing were. */
  readonly used: readonly string[]
}

interface Known {
  readonly values: ReadonlySet<string>
  /** The same where nothing is given but what the file itself says. */
  readonly own: ReadonlySet<string>
  readonly used: Set<string>
  /** Variables that any step sets: in a loop, a later one sets them for the next round. */
  readonly state: ReadonlySet<string>
  /** Grows from step to step. */
  readonly earlier: Set<string>
  readonly all: ReadonlySet<string>
  readonly locals: readonly string[]
}

/** @param values names that are given, and those of the file's own variables */
export function namesIn(steps: readonly BoundStep[], values: readonly string[]): Names {
  const used = new Set<string>()
  const wrong = wrongIn(steps, knownAt(steps, values, [], used))
  return {wrong, used: [...used]}
}

function knownAt(
  steps: readonly BoundStep[],
  values: readonly string[],
  own: readonly string[],
  used: Set<string>,
): Known {
  const all = visibleIn(steps)
  return {
    values: new Set(values),
    own: new Set(own),
    used,
    state: new Set(all.flatMap(({sets}) => sets)),
    earlier: new Set(),
    all: new Set(all.map(({name}) => name)),
    locals: [],
  }
}

function wrongIn(steps: readonly BoundStep[], known: Known): readonly Wrong[] {
  const wrong: Wrong[] = []
  const {earlier, used} = known
  for (const step of steps) {
    wrong.push(...wrongInStep(step, known))
    for (const branch of step.branches) {
      if (branch.alone !== null) {
        wrong.push(...wrongIn(branch.steps, knownAt(branch.steps, branch.alone, branch.alone, used)))
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
    ...wrongPlace(step, known),
    ...step.templates.flatMap((template) => wrongInTemplate(step, template, known)),
    ...step.expressions.flatMap((template) => wrongInExpression(step, template, known)),
  ]
}

function wrongPlace(step: BoundStep, {locals}: Known): readonly Wrong[] {
  const {within, type} = step
  if (within === null || locals.includes(within)) return []
  const message = `there is no ${within} around it, without which \`${type}\` means nothing`
  return [{step, path: ['type'], text: type, raw: null, start: 0, value: null, code: 'outside', message}]
}

/** A report of ten thousand mistakes in one text helps nobody, and takes longer to write than the text. */
const maxTold = 50

function wrongInTemplate(step: BoundStep, template: Template, known: Known): readonly Wrong[] {
  const {path, text, knows = []} = template
  const wrong: Wrong[] = []
  const seen = new Set<string>()
  for (const {raw, tree, start} of placeholdersIn(text)) {
    if (!seen.has(raw)) noteUsed(tree, knows, known)
    seen.add(raw)
    if (wrong.length >= maxTold) continue
    for (const each of wrongInTree(tree, knows, step, known))
      wrong.push({...each, step, path, text, raw, start, message: `${raw}: ${each.message}`})
  }
  const isWord = (word: string): boolean => isName([word], knows, known) || known.all.has(word) || word === 'steps'
  for (const {raw, start, why} of mistakesIn(text, isWord).slice(0, maxTold)) {
    const message = `${raw}: ${why}; names, paths and calculations may stand in braces, as in {{steps.analysis.findings[0]}}`
    wrong.push({step, path, text, raw, start, value: null, code: 'bad-expression', message})
  }
  return wrong
}

function wrongInExpression(step: BoundStep, {path, text, knows = []}: Template, known: Known): readonly Wrong[] {
  const at = {step, path, text, raw: null, start: 0}
  const read = readExpression(text)
  if (!read.ok) return [{...at, code: 'bad-expression', message: `${text}: ${read.message}`, value: null}]
  noteUsed(read.tree, knows, known)
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
    const value = holders.includes(root) ? second : root
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

/** What stands before the name of a value. */
const holders: readonly string[] = ['inputs', 'state', 'global_vars', 'variables', 'vars']

function noteUsed(tree: Expression, knows: readonly string[], known: Known): void {
  const isKnown = (path: readonly string[]): boolean => isName(path, knows, {...known, values: known.own})
  for (const path of pathsIn(tree, isKnown)) {
    const [root = '', second = ''] = path
    if (root !== 'steps' && !known.all.has(root) && !isKnown(path))
      known.used.add(holders.includes(root) ? second : root)
  }
}

const maxListed = 40

function listOf(knows: readonly string[], {values, state, earlier}: Known): string {
  const names = [...new Set([...knows, ...values, ...state])].slice(0, maxListed)
  const steps = firstOf(earlier, maxListed - names.length).map((step) => `steps.${step}`)
  return [...names, ...steps].join(', ')
}

/** A file of a thousand steps asks for the first of them a thousand times. */
function firstOf(names: ReadonlySet<string>, most: number): readonly string[] {
  const first: string[] = []
  for (const name of names) {
    if (first.length >= most) break
    first.push(name)
  }
  return first
}

function isName([root = '', second]: readonly string[], knows: readonly string[], known: Known): boolean {
  const isValue = (name: string): boolean => known.values.has(name) || known.state.has(name)
  if (knows.includes(root) || known.locals.includes(root)) return true
  if (root === 'steps') return second !== undefined && known.earlier.has(second)
  if (root === 'inputs') return second === undefined || known.values.has(second)
  if (holders.includes(root)) return second === undefined || isValue(second)
  if (root === 'previous_response') return known.earlier.size > 0
  return isValue(root) || known.earlier.has(root) || (builtins.includes(root) && root !== 'steps')
}

function wrongStep(name: string, self: string, {earlier, all}: Known): string | null {
  if (earlier.has(name)) return null
  if (name === self) return `step \`${name}\` cannot use its own result`
  if (all.has(name)) return `step \`${name}\` comes later; a step can only use what ran before it`
  return earlier.size === 0
    ? `there is no step \`${name}\`, and this is the first one`
    : `there is no step \`${name}\`; before this one there are: ${firstOf(earlier, maxListed).join(', ')}`
}
