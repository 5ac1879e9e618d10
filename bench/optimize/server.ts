/**
 * The models of all worlds behind HTTP, in the form of each vendor: `POST /w/<landscape>/<seed>~<salt>/<run>/…`, `GET …/<run>/counts`.
 * What a prompt's words do stays in here; whoever asks sees answers only.
 *
 * An answer is a function of world, prompt and how often the same was asked in the run, whatever goes on beside it. A run `name@3`
 * is the run `name` in a fresh sample: so no order of questions changes any answer.
 */
import {createHash} from 'node:crypto'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {setTimeout as sleep} from 'node:timers/promises'
import {anthropic} from '../../test/fixtures/claude-wire.ts'
import {gemini} from '../../test/fixtures/gemini-wire.ts'
import {openai} from '../../test/fixtures/openai-wire.ts'
import {record, type Asked, type Spoken, type Wire} from '../../test/fixtures/wire.ts'
import {randomOf} from '../../src/optimize/randomness.ts'
import {done, proposed} from './mind.ts'
import {skillOf, type Skill} from './skill.ts'
import {worldOf, type World} from './world.ts'

/** Chances of things that go wrong, 0…1; each is drawn for itself. */
export interface Weather {
  /** 429 or 529, with a short `retry-after`. */
  readonly busy?: number
  /** An answer that ends at its limit of tokens. */
  readonly cut?: number
  /** An answer that is no JSON. */
  readonly garbled?: number
  readonly latencyMs?: number
}

export interface Simulator {
  readonly url: string
  readonly close: () => Promise<void>
}

interface Run {
  readonly asked: Map<string, number>
  readonly spoilt: Map<string, number>
  readonly counts: {task: number; reflect: number; spoilt: number}
}

interface Place {
  readonly world: World
  readonly skillIn: (head: string) => Skill
}

/** Worlds know no state. */
const placeOf = remembered(50, (name): Place | null => {
  const [landscape = '', seed = '', salt = ''] = name.split(/[/~]/)
  const world = worldOf(landscape, Number.parseInt(seed, 10), salt)
  return world === null ? null : {world, skillIn: remembered(200, (head) => skillOf(world, head))}
})

function remembered<T>(most: number, make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const value = known.get(text) ?? make(text)
    if (known.size >= most) known.clear()
    known.set(text, value)
    return value
  }
}

export async function startSimulator(weather: Weather = {}): Promise<Simulator> {
  const runs = new Map<string, Run>()
  const server = createServer((request, response) => {
    serve(request, response, runs, weather).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  server.keepAliveTimeout = 60_000
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, runs: Map<string, Run>, weather: Weather) {
  const [path = ''] = decodeURIComponent(request.url ?? '').split('?')
  const [, landscape = '', seed = '', name = '', sample = '0', rest = ''] =
    /^\/w\/([\w-]+)\/(\d+(?:~\w*)?)\/([\w.-]+)(?:@(\d+))?(\/.+)$/.exec(path) ?? []
  const place = placeOf(`${landscape}/${seed}`)
  if (place === null) return void response.writeHead(404).end(`no world at ${path}`)
  const key = `${landscape}/${seed}/${name}`
  const run = runs.get(key) ?? {asked: new Map(), spoilt: new Map(), counts: {task: 0, reflect: 0, spoilt: 0}}
  runs.set(key, run)
  if (rest === '/counts') return sendJson(response, run.counts)
  const wire =
    rest === '/v1/messages'
      ? anthropic
      : rest === '/v1/chat/completions'
        ? openai
        : rest.startsWith('/v1beta/models/')
          ? gemini
          : null
  if (wire === null) return void response.writeHead(404).end(`no such endpoint: ${rest}`)
  const body = record(JSON.parse(await textOf(request)))
  const asked: Asked = {...wire.asked(rest, body), headers: {}, path: rest, body, index: 0, refused: null}
  const prompt = `${asked.system === '' ? '' : `${asked.system}\n`}${asked.prompt}`
  const about = [asked.model.includes('reflect') ? 'reflect' : 'task', digest(prompt), sample].join(' ')
  if (weather.latencyMs !== undefined) await sleep(weather.latencyMs)
  const luck = spoiling(run, about, weather)
  if (luck === 'busy') return sendBusy(response, wire, place, about)
  if (luck === 'garbled')
    return void response.writeHead(200, {'content-type': 'text/event-stream'}).end('data: {"id": "ms\n\n')
  const text = answerTo(place, run, asked, prompt, sample)
  send(response, wire, asked, luck === 'cut' ? {text: text.slice(0, text.length / 2), stop: 'length'} : {text})
}

function answerTo({world, skillIn}: Place, run: Run, asked: Asked, prompt: string, sample: string): string {
  const isReflecting = asked.model.includes('reflect')
  const about = `${isReflecting ? 'reflect' : 'task'} ${sample} ${digest(prompt)}`
  const before = run.asked.get(about) ?? 0
  run.asked.set(about, before + 1)
  const {driftAfter} = world.terms
  const phase = driftAfter !== null && run.counts.task >= driftAfter ? 1 : 0
  run.counts[isReflecting ? 'reflect' : 'task'] += 1
  const random = world.random('answer', about, before)
  return isReflecting ? proposed({world, prompt, random, phase}) : done({world, prompt, random, phase, skillIn})
}

/** Drawn anew for each try of a question; what was spoilt is answered later as it would have been at once. */
function spoiling(
  run: Run,
  about: string,
  {busy = 0, cut = 0, garbled = 0}: Weather,
): 'busy' | 'garbled' | 'cut' | null {
  const times = run.spoilt.get(about) ?? 0
  run.spoilt.set(about, times + 1)
  const luck = randomOf(digest, times, about)()
  const what = luck < busy ? 'busy' : luck < busy + garbled ? 'garbled' : luck < busy + garbled + cut ? 'cut' : null
  if (what !== null) run.counts.spoilt += 1
  return what
}

function sendBusy(response: ServerResponse, wire: Wire, {world}: Place, about: string): void {
  const status = world.random('busy', about)() < 0.5 || wire !== anthropic ? 429 : 529
  response.writeHead(status, {'content-type': 'application/json', 'retry-after': '0.01'})
  response.end(wire.error({status, message: 'busy'}))
}

function send(response: ServerResponse, wire: Wire, asked: Asked, answer: Spoken): void {
  if (!wire.streams(asked.path, asked.body)) return sendJson(response, wire.whole(answer, asked))
  response.writeHead(200, {'content-type': 'text/event-stream'}).end(wire.events(answer, asked).join(''))
}

const sendJson = (response: ServerResponse, value: unknown): void =>
  void response.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify(value))

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
