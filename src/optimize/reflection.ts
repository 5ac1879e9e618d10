/** What the model that writes words is told, through a pipeline like every other. */
import {execute} from '../pipeline/execute.ts'
import type {Pipeline, Tools} from '../pipeline/step.ts'
import type {Provider} from '../provider.ts'
import type {Evidence, Question} from './search.ts'

export interface Reflectors {
  /** Takes `words`, `evidence`, `tried`, `most`. */
  readonly rules: Pipeline
  /** Takes `words`, `evidence`. */
  readonly rewrite: Pipeline
}

const line = ({reason, count}: Evidence): string => `- ${reason.replaceAll(/\s+/g, ' ')} (seen ${count} times)`

/** Throws `Failure`: what the pipeline throws. */
export async function reflect(
  {rules, rewrite}: Reflectors,
  {want, words, evidence, tried, most}: Question,
  ask: Provider,
  surroundings: {readonly nonce: string; readonly now: () => number; readonly signal: AbortSignal | undefined},
): Promise<string> {
  const inputs = {
    words,
    evidence: evidence.map(line).join('\n'),
    tried: tried.length === 0 ? '-' : tried.map((rule) => `- ${rule}`).join('\n'),
    most: String(most),
  }
  const {output} = await execute(want === 'rules' ? rules : rewrite, inputs, toolsOf(ask), {
    ...surroundings,
    vouchedInputs: ['most'],
  })
  return output.text
}

const nothing = (what: string) => (): never => {
  throw new Error(`a pipeline that reflects asks for ${what}`)
}

const toolsOf = (ask: Provider): Tools => ({
  ask,
  scan: nothing('a scan'),
  draft: nothing('a draft'),
  schemas: {},
})
