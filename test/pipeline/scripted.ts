/** Providers that answer from a list or by a rule, and the other things a run is given. */
import {Failure} from '../../src/errors.ts'
import type {ModelReply, ModelRequest, Provider} from '../../src/provider.ts'
import {execute, type ExecuteOptions} from '../../src/pipeline/execute.ts'
import {parsePipeline, type Reader} from '../../src/pipeline/pipeline.ts'
import type {Pipeline, Tools, Trace} from '../../src/pipeline/step.ts'
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

/** Answers each question by what it asks: for questions at the same time, whose order nobody knows. */
export function answering(
  answerTo: (prompt: string, request: ModelRequest) => string | ModelReply | Promise<string | ModelReply>,
): Scripted {
  const asked: ModelRequest[] = []
  const ask: Provider = async (request) => {
    asked.push(request)
    const reply = await answerTo(request.messages.at(-1)?.text ?? '', request)
    return typeof reply === 'string' ? replyOf(reply) : reply
  }
  return {ask, asked}
}

/** Says of each question what was asked. */
export const echoing = (): Scripted => answering((prompt) => `<${prompt}>`)

/** The last message of each question. */
export const promptsOf = ({asked}: Scripted): readonly string[] =>
  asked.map(({messages}) => messages.at(-1)?.text ?? '')

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

export const read = (text: string, reader: Reader = 'careful'): Pipeline =>
  valueOf(parsePipeline(text, 'p.yaml', {reader}), 'pipeline')

/** What a test says of a run that is not as usual. */
export interface Setting extends Partial<ExecuteOptions> {
  readonly inputs?: Readonly<Record<string, unknown>>
  readonly tools?: Partial<Tools>
  readonly reader?: Reader
}

export const runText = (text: string, {ask}: Pick<Scripted, 'ask'>, setting: Setting = {}): Promise<Trace> => {
  const {inputs = {}, tools = {}, reader = 'careful', ...options} = setting
  return execute(read(text, reader), inputs, toolsOf(ask, tools), {nonce, now: clock(), ...options})
}

/** What a run fails with; a bug is thrown as it is. */
export const failureOf = (promise: Promise<unknown>): Promise<Failure> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (thrown: unknown) => (thrown instanceof Failure ? thrown : Promise.reject(thrown)),
  )

/** What stands in a prompt and nobody vouches for. */
export const fenced = (name: string, text: string): string =>
  `<untrusted-data name="${name}" nonce="${nonce}">\n${text}\n</untrusted-data name="${name}" nonce="${nonce}">`

/** A prompt without all that stands behind fences: what a model takes for its author's words. */
export const spoken = (prompt: string): string =>
  prompt.replaceAll(
    /<untrusted-data name="[^"]*" nonce="[^"]*">[\s\S]*?<\/untrusted-data name="[^"]*" nonce="[^"]*">/g,
    '⟨⟩',
  )

/** A pipeline of steps, each a YAML flow map or block that starts after the dash. */
export const withSteps = (...steps: readonly string[]): string =>
  `name: p\nsteps:\n${steps.map((step) => `  - ${step.replaceAll('\n', '\n    ')}\n`).join('')}`

/** A clock that moves by 5 ms each time it is read. */
export function clock(): () => number {
  let time = 0
  return () => (time += 5)
}
