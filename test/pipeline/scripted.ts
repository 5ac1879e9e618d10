/** A provider that answers from a list, and the other things a run is given. */
import type {ModelReply, ModelRequest, Provider} from '../../src/provider.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import type {Pipeline, Tools} from '../../src/pipeline/step.ts'
import {valueOf} from '../../src/document.ts'
import type {Scan} from '../../src/scan/finding.ts'

export const nonce = 'n0nce-0123456789'

export const replyOf = (text: string, more: Partial<ModelReply> = {}): ModelReply => ({
  text,
  stopped: 'end',
  model: 'scripted',
  usage: {calls: 1, input_tokens: 10, output_tokens: 5, usd: 0.01},
  ...more,
})

export interface Scripted {
  readonly ask: Provider
  readonly asked: readonly ModelRequest[]
}

/** Fails the test when it is asked more often than it has answers. */
export function scripted(...replies: readonly (string | ModelReply)[]): Scripted {
  const asked: ModelRequest[] = []
  const ask: Provider = async (request) => {
    const reply = replies[asked.length]
    asked.push(request)
    if (reply === undefined) throw new Error(`asked ${asked.length} times, there are ${replies.length} answers`)
    return typeof reply === 'string' ? replyOf(reply) : reply
  }
  return {ask, asked}
}

export const scanned: Scan = {
  findings: [
    {
      id: 'F1',
      rule: 'raw-send',
      category: 'raw-send',
      severity: 'medium',
      locations: [{file: 'lib/a.ex', start_line: 3, end_line: 3, evidence: 'send(pid, :go)'}],
      description: 'A bare message.',
      source: 'scan',
    },
  ],
  skipped: [{file: 'lib/b.ex', why: 'too-large'}],
}

export const toolsOf = (ask: Provider, more: Partial<Tools> = {}): Tools => ({
  ask,
  scan: async () => scanned,
  draft: (source) => ({text: `drafted: ${JSON.stringify(source)}`, data: {drafted: source}}),
  schemas: {plan: {type: 'object', properties: {summary: {type: 'string'}}, required: ['summary']}},
  ...more,
})

export const read = (text: string): Pipeline => valueOf(parsePipeline(text, 'p.yaml'), 'pipeline')

/** A pipeline of steps, each a YAML flow map or block that starts after the dash. */
export const withSteps = (...steps: readonly string[]): string =>
  `name: p\nsteps:\n${steps.map((step) => `  - ${step.replaceAll('\n', '\n    ')}\n`).join('')}`

/** A clock that moves by 5 ms each time it is read. */
export function clock(): () => number {
  let time = 0
  return () => (time += 5)
}
