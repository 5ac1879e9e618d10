/** What must be right before anything is asked: names, schemas, and what a pipeline may do here. */
import {Failure} from '../errors.ts'
import {namesIn} from './names.ts'
import {allSteps, type BoundStep, type Need, type Pipeline, type Tools} from './step.ts'

/** Throws `Failure`: `missing-input`, `unknown-step`, `unknown-name`, `bad-expression`, `unknown-schema`, `not-allowed`. */
export function checkBefore(pipeline: Pipeline, given: Readonly<Record<string, unknown>>, tools: Tools): void {
  if (pipeline.keepsUnresolved !== true) checkNames(pipeline, given)
  else checkDeclared(pipeline, given)
  const steps = allSteps(pipeline.steps)
  for (const step of steps) checkSchemas(step, tools)
  for (const step of steps) checkNeeds(step, tools)
}

/** A lenient reader keeps what has no value, but not what the file itself says it needs. */
function checkDeclared({name, declared = []}: Pipeline, given: Readonly<Record<string, unknown>>): void {
  const missing = declared.filter((each) => !Object.hasOwn(given, each))
  if (missing.length > 0) throw missingInput(name, missing)
}

const missingInput = (name: string, missing: readonly string[]): Failure =>
  new Failure('missing-input', `pipeline ${name} needs ${missing.map((each) => `\`${each}\``).join(', ')}`, {
    hint: `give ${missing.map((each) => `\`--var ${each}=…\``).join(' ')} (only \`run\` has it), or write it into \`variables\` of the pipeline`,
  })

/** Also what evolved texts name, which nobody has parsed with the pipeline. */
function checkNames({name, steps, variables = {}}: Pipeline, given: Readonly<Record<string, unknown>>): void {
  const {wrong} = namesIn(steps, [...Object.keys(given), ...Object.keys(variables)])
  const step = wrong.find(({value, code}) => value === null && (code === 'unknown-step' || code === 'unknown-name'))
  if (step !== undefined) throw new Failure('unknown-step', `step ${step.step.name}: ${step.message}`)
  const other = wrong.find(({value, code}) => value === null && code !== 'unreachable' && code !== 'outside')
  if (other !== undefined) throw new Failure(other.code, `step ${other.step.name}: ${other.message}`)
  const missing = [...new Set(wrong.flatMap(({value}) => value ?? []))]
  if (missing.length > 0) throw missingInput(name, missing)
}

function checkSchemas({name, schemas: needed}: BoundStep, {schemas}: Tools): void {
  const unknown = needed.find((schema) => !Object.hasOwn(schemas, schema))
  if (unknown === undefined) return
  const known = Object.keys(schemas).join(', ')
  throw new Failure('unknown-schema', `step ${name}: there is no schema called \`${unknown}\``, {
    hint: known === '' ? 'write the schema into the step' : `there is: ${known}; or write the schema into the step`,
  })
}

const needs: Readonly<Record<Need, string>> = {
  workspace: 'touches files',
  readText: 'reads files into prompts',
  query: 'asks what is in the code',
  score: 'scores a plan',
  pack: 'packs the code',
  open: 'runs another pipeline',
  shell: 'runs commands of the shell',
}

function checkNeeds(step: BoundStep, tools: Tools): void {
  const missing = step.needs.find((need) => tools[need] === undefined)
  if (missing === undefined) return
  throw new Failure('not-allowed', `step ${step.name} ${needs[missing]}, which is not allowed here`, {
    hint:
      missing === 'shell'
        ? 'say `run --allow-shell` if you trust the pipeline and what it reads'
        : 'only `run`, on your own machine, lets a pipeline do that',
  })
}
