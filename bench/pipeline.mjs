// `npm run bench:pipeline` runs all, `npm run bench:pipeline -- map` one. What the engine itself costs: steps, a map against a server
// that is slow by design, memory, templates; and the bundle once. The server is a process of its own, the peer is plain `fetch` in
// the same run. A limit that is not kept ends the run with 1.
import {fork, spawn} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const self = fileURLToPath(import.meta.url)
const root = join(dirname(self), '..')
const bundle = join(root, 'dist', 'index.js')
const runs = 7
/** What a loopback server takes, and what a fast model does. */
const answerTimes = [20, 200]

/** What a benchmark needs of several files, as one module: a `Failure` of one must be a `Failure` of the other. */
async function loadAll(...files) {
  const folder = mkdtempSync(join(tmpdir(), 'refactor-plan-bench-'))
  const entry = join(folder, 'entry.ts')
  writeFileSync(entry, files.map((file) => `export * from ${JSON.stringify(join(root, file))}\n`).join(''))
  try {
    // not above: the peer is to start with nothing
    const {load} = await import('./load.mjs')
    return await load(entry)
  } finally {
    rmSync(folder, {recursive: true})
  }
}

/** Answers each question with the same words after the same time, in the form of the vendor that is asked. */
async function serve(answerMs) {
  const {anthropic, openai} = await loadAll('test/fixtures/claude-wire.ts', 'test/fixtures/openai-wire.ts')
  const asked = {model: 'fake', system: '', prompt: 'Say 1', results: [], body: {stream_options: {include_usage: true}}}
  const answerOf = (wire) => wire.events('one word or two', asked).join('')
  const [claude, completions] = [answerOf(anthropic), answerOf(openai)]
  const server = createServer((request, response) => {
    request.resume().on('end', () =>
      setTimeout(() => {
        response.writeHead(200, {'content-type': 'text/event-stream'})
        response.end(request.url === '/v1/messages' ? claude : completions)
      }, answerMs),
    )
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  process.on('disconnect', () => process.exit())
}

async function withServer(answerMs, act) {
  const child = fork(self, ['server', String(answerMs)])
  try {
    const port = await new Promise((resolve, reject) => child.once('message', resolve).once('exit', reject))
    return await act(`http://127.0.0.1:${port}`)
  } finally {
    child.disconnect()
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** Each row in turn, so that noise meets all of them; the first round warms up. */
async function interleaved(rows) {
  const times = rows.map(() => [])
  for (let run = 0; run <= runs; run++) {
    for (const [at, take] of rows.entries()) {
      const ms = await take()
      if (run > 0) times[at].push(ms)
    }
  }
  return times
}

async function timed(act) {
  const start = performance.now()
  await act()
  return performance.now() - start
}

const title = (text) => console.log(`\n${text}, Node ${process.version}`)

/** @param value what is held against the limit; without one it is only shown */
function print(what, cells, value = 0, limit = Infinity, unit = '') {
  const isKept = value <= limit
  const held = limit === Infinity ? '' : `  ${isKept ? '✓' : '✗'} ≤ ${limit} ${unit}`
  console.log(`  ${what.padEnd(52)} ${cells}${held}`)
  if (!isKept) process.exitCode = 1
}

const ms = (number, digits = 1) => `${number.toFixed(digits).padStart(8)} ms`

const [role = '', given = ''] = process.argv.slice(2)
const isHelper = role === 'server' || role === 'peer'

const engine = isHelper
  ? null
  : await loadAll(
      'src/document.ts',
      'src/pipeline/pipeline.ts',
      'src/pipeline/execute.ts',
      'src/pipeline/template.ts',
      'src/pipeline/expression.ts',
      'src/pipeline/evaluate.ts',
      'src/adapters/models.ts',
    )

const read = (text, inputs = []) =>
  engine.valueOf(engine.parsePipeline(text, 'bench.yaml', {inputs, reader: 'lenient'}), 'pipeline')

const offline = {
  ask: async () => {
    throw new Error('nobody is to be asked')
  },
  scan: offlineScan,
  draft: offlineScan,
  schemas: {},
}
function offlineScan() {
  throw new Error('nothing is to be scanned')
}

/** As `run` does it. */
const execute = (pipeline, inputs = {}, tools = offline, more = {}) =>
  engine.execute(pipeline, inputs, tools, {
    nonce: '0123456789abcdef',
    now: () => performance.now(),
    clock: () => 0,
    keepsCalls: false,
    ...more,
  })

const hostAt = (url) =>
  engine.makeHost({
    keys: engine.keysOf({
      ANTHROPIC_API_KEY: 'bench',
      ANTHROPIC_BASE_URL: url,
      OPENAI_API_KEY: 'bench',
      OPENAI_BASE_URL: `${url}/v1`,
    }),
    budget: {calls: null, tokens: null, usd: null},
    say: () => {},
  })

const manySteps = (count) =>
  `name: many\nsteps:\n${Array.from(
    {length: count},
    (_, at) =>
      `  - {name: step_${at}, type: echo, value: "${at === 0 ? 'one' : `{{steps.step_${at - 1}.ok}}`} and ${at}"}\n`,
  ).join('')}`

async function steps() {
  title(`Steps: parsePipeline and execute, echo with a template, no model (median of ${runs})`)
  for (const count of [1_000, 10_000]) {
    const text = manySteps(count)
    let pipeline = null
    const [parse, run] = await interleaved([
      () => timed(() => (pipeline = read(text))),
      () => timed(() => execute(pipeline)),
    ])
    const each = (median(parse) + median(run)) / count
    const cells = `parse ${ms(median(parse))}  execute ${ms(median(run))}  together ${each.toFixed(3)} ms a step`
    print(`${count} steps`, cells, each, 1, 'ms')
  }
}

const items = Array.from({length: 1_000}, (_, at) => at)
const atOnce = 50
const mapOf = (provider, model) => `name: many
steps:
  - name: each
    type: map
    over: ${JSON.stringify(items)}
    concurrency: ${atOnce}
    steps:
      - {name: ask, type: llm, provider: ${provider}, model: ${model}, max_tokens: 16, prompt: "Say {{item}}"}
`

/** What anybody would write: the same questions by as many loops as may ask at the same time. */
async function askAll(ask) {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) {
      await ask({model: 'm', max_tokens: 16, stream: true, messages: [{role: 'user', content: `Say ${item}`}]})
    }
  }
  await Promise.all(Array.from({length: atOnce}, worker))
}

const askPlainly = (url) =>
  askAll(async (body) => {
    const headers = {'content-type': 'application/json', authorization: 'Bearer bench'}
    const response = await fetch(`${url}/v1/messages`, {method: 'POST', headers, body: JSON.stringify(body)})
    await response.text()
  })

async function askBySdk(url) {
  const {Anthropic} = await import('@anthropic-ai/sdk')
  const client = new Anthropic({apiKey: 'bench', baseURL: url, maxRetries: 0, logLevel: 'off'})
  await askAll(async ({model, max_tokens, messages}) => {
    let last = null
    for await (const event of await client.messages.create({model, max_tokens, messages, stream: true})) last = event
    return last
  })
}

const [mostOfPeer, mostOfServer] = [1.5, 1.25]

async function map() {
  for (const answerMs of answerTimes) await withServer(answerMs, (url) => mapAt(url, answerMs))
}

async function mapAt(url, answerMs) {
  title(`map: ${items.length} questions, ${atOnce} at once, each answered after ${answerMs} ms (median of ${runs})`)
  const tools = {...offline, ask: hostAt(url).ask}
  const pipelines = [mapOf('claude', 'claude-haiku-5-5'), mapOf('openai', 'gpt-5.4-nano')].map((text) => read(text))
  const acts = [
    () => askPlainly(url),
    () => askBySdk(url),
    ...pipelines.map((pipeline) => () => execute(pipeline, {}, tools)),
  ]
  const cpu = acts.map(() => [])
  const times = await interleaved(
    acts.map((act, at) => async () => {
      const before = process.cpuUsage()
      const took = await timed(act)
      const {user, system} = process.cpuUsage(before)
      cpu[at].push((user + system) / 1000 / items.length)
      return took
    }),
  )
  const bound = (items.length / atOnce) * answerMs
  const peer = median(times[0])
  print('what the server itself takes', ms(bound))
  for (const [at, name] of ['plain fetch', "claude's SDK alone", 'llm steps, claude', 'llm steps, openai'].entries()) {
    const took = median(times[at])
    const cells = `${ms(took)}  worst ${Math.max(...times[at]).toFixed(0)}  × ${(took / bound).toFixed(2)} of the server  × ${(took / peer).toFixed(2)} of fetch  ${median(cpu[at]).toFixed(2)} ms of the processor a question`
    if (at < 2) print(name, cells)
    // where the server is faster than a process can ask, only another process that asks says something
    // the vendor's SDK takes 1.75 × the processor time of fetch by itself: our part is what comes on top of it
    else if (answerMs < 100)
      print(
        name,
        cells,
        took / median(times[at === 2 ? 1 : 0]),
        mostOfPeer,
        `of ${at === 2 ? 'the SDK alone' : 'fetch'}`,
      )
    else print(name, cells, took / bound, mostOfServer, 'of the server')
  }
}

function heap() {
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

/**
 * The heap when a tenth, a half and all of it has run, and once the result is let go. What is gone then was the result; what is
 * not, with what grew beside the result, is nobody's. A short run before it loads what is loaded once.
 */
async function grown(steps, count, tools, inputs = {}) {
  await execute(read(loopOf(count / 5, steps), Object.keys(inputs)), inputs, tools)
  const pipeline = read(loopOf(count, steps), Object.keys(inputs))
  const before = heap()
  const marks = new Map([count / 10, count / 2, count].map((at) => [at, 0]))
  let done = 0
  const onEvent = ({kind, step}) => {
    if (kind !== 'finished' || step !== 'counted') return
    done += 1
    if (marks.has(done)) marks.set(done, heap())
  }
  const kept = {trace: await execute(pipeline, inputs, tools, {onEvent})}
  const held = await settledHeap()
  delete kept.trace
  const after = await settledHeap()
  const [tenth, half, whole] = [...marks.values()]
  return {before, tenth, half, whole, kept: held - after, left: after - before}
}

/** A value that was awaited is held until the next turn. */
async function settledHeap() {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return heap()
}

const mb = (bytes) => `${(bytes / 1024 / 1024).toFixed(1).padStart(6)} MB`

/** Of all steps together, beside their results. */
const mostMb = 1

function printGrowth(what, count, {before, tenth, half, whole, kept, left}) {
  // of the second half: in the first one code is still made faster, and that is kept
  const beside = Math.max(whole - half - kept / 2, left) / 1024 / 1024
  const each = (bytes) => `${(bytes / count).toFixed(0).padStart(4)} B`
  const cells = `${[before, tenth, half, whole].map(mb).join(' ')}  ${each((whole - tenth) / 0.9)} a step, its result ${each(kept)}, left over ${each(left)}`
  print(what, cells, beside, mostMb, 'MB beside the results')
}

const loopOf = (count, steps) => `name: long
steps:
  - name: rounds
    type: loop
    while: loop.index < ${count}
    max: ${count}
    steps:
${steps.map((step) => `      - ${step}\n`).join('')}`

async function memory() {
  if (globalThis.gc === undefined) throw new Error('memory is measured with `node --expose-gc`')
  title('Memory: the heap after gc, before, at 10 %, 50 % and 100 % of the steps')
  const rounds = 10_000
  const echo = '{name: counted, type: echo, value: "round {{loop.index}} of this loop"}'
  const set = '{name: kept, type: set, values: {last: "{{loop.index}}", text: "round {{loop.index}}"}}'
  printGrowth(`loop, ${rounds} × echo`, rounds, await grown([echo], rounds, offline))
  printGrowth(`loop, ${rounds} × set and echo`, rounds, await grown([set, echo], rounds, offline))
  const questions = 2_000
  await withServer(0, async (url) => {
    const tools = {...offline, ask: hostAt(url).ask}
    const long = 'x'.repeat(50 * 1024)
    for (const [provider, model] of [
      ['claude', 'claude-haiku-5-5'],
      ['openai', 'gpt-5.4-nano'],
    ]) {
      const ask = `{name: counted, type: llm, provider: ${provider}, model: ${model}, max_tokens: 16, prompt: "{{loop.index}} {{long}}"}`
      const growth = await grown([ask], questions, tools, {long})
      printGrowth(`loop, ${questions} × llm with 50 KB, ${provider}`, questions, growth)
    }
  })
}

function repeated(times, act) {
  const start = performance.now()
  for (let at = 0; at < times; at++) act(at)
  return (performance.now() - start) / times
}

async function templates() {
  title(`Templates and expressions (median of ${runs})`)
  const places = 1_000
  const size = 64 * 1024
  const words = 'x'.repeat(Math.floor(size / places) - '{{steps.s000.score}}'.length)
  const template = (run) =>
    Array.from({length: places}, (_, at) => `{{steps.s${String(at).padStart(3, '0')}.score}}${words}`).join('') + run
  let [run, text] = [0, '']
  const [parsed, filled] = await interleaved([
    // a new text each time: one that was read before is remembered
    () => timed(() => engine.placeholdersIn((text = template(run++)))),
    () => timed(() => engine.fill(text, () => 'a value')),
  ])
  const cells = `${ms(median(parsed), 2)} to read, ${ms(median(filled), 2)} to fill`
  print(
    `a template of ${size / 1024} KB with ${places} placeholders`,
    cells,
    median(parsed) + median(filled),
    100,
    'ms',
  )

  const times = 100_000
  const source = "steps.a.score > 7 and not (steps.b contains 'x')"
  const {tree} = engine.readExpression(source)
  const values = {a: {score: 8}, b: 'a text without it'}
  const find = (_, [name, ...rest]) => {
    const value = rest.length === 0 ? values[name] : values[name]?.[rest[0]]
    return value === undefined ? undefined : {value, vouched: true}
  }
  const [evaluated, both] = await interleaved([
    async () => repeated(times, () => engine.evaluate(tree, {find, now: 0})),
    async () => repeated(times / 10, () => engine.evaluate(engine.readExpression(source).tree, {find, now: 0})),
  ])
  for (const [what, took] of [
    ['evaluated', median(evaluated)],
    ['read and evaluated', median(both)],
  ])
    print(`${source}, ${what}`, `${(1 / took / 1000).toFixed(2).padStart(6)} million a second`, took, 0.1, 'ms')
}

/** A whole process: how long it takes. */
function spawned(args, {cwd, env = {}}) {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(process.execPath, args, {
      cwd,
      env: {...process.env, ...env},
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (data) => (said = `${said}${data}`.slice(-2_000)))
    child.on('close', (status) =>
      status === 0
        ? resolve(performance.now() - start)
        : reject(new Error(`exit ${status}: ${args.join(' ')}\n${said}`)),
    )
  })
}

async function whole() {
  title(`The bundle: node dist/index.js run (median of ${runs}, interleaved)`)
  const cwd = mkdtempSync(join(tmpdir(), 'refactor-plan-bench-'))
  const file = (name, text) => {
    writeFileSync(join(cwd, name), text)
    return [bundle, 'run', name]
  }
  try {
    await withServer(answerTimes[0], async (url) => {
      const env = {
        ANTHROPIC_API_KEY: 'bench',
        ANTHROPIC_BASE_URL: url,
        OPENAI_API_KEY: 'bench',
        OPENAI_BASE_URL: `${url}/v1`,
      }
      const rows = [
        ['node -e 0', ['-e', '0'], 0],
        ['1000 questions by plain fetch', [self, 'peer', url], 0],
        ['one echo step', file('one.yaml', manySteps(1)), 1],
        ['1000 echo steps', file('steps.yaml', manySteps(1_000)), 1_000],
        ['map over 1000 items, claude', file('claude.yaml', mapOf('claude', 'claude-haiku-5-5')), 1_000],
        ['map over 1000 items, openai', file('openai.yaml', mapOf('openai', 'gpt-5.4-nano')), 1_000],
      ]
      const times = await interleaved(
        rows.map(
          ([, args]) =>
            () =>
              spawned(args, {cwd, env}),
        ),
      )
      const [nothing, peer, one] = times.map(median)
      for (const [at, [what, , count]] of rows.entries()) {
        const took = median(times[at])
        const each = (took - one) / count
        const beside = count > 1 ? `  ${each.toFixed(3)} ms a step beside the start` : ''
        const ratio = what.startsWith('map') ? `  × ${((took - one) / (peer - nothing)).toFixed(2)} of fetch` : ''
        const cells = `${ms(took)}  worst ${Math.max(...times[at]).toFixed(0)}${beside}${ratio}`
        print(what, cells, each, what.includes('echo steps') ? 1 : Infinity, 'ms')
      }
    })
  } finally {
    rmSync(cwd, {recursive: true})
  }
}

const kilobytes = 64 * 1024
const mostMs = 100

/** What is as long as a calculation may be before it is refused. */
const expressions = [
  'yaml(many) | length',
  `any(many, "any(many, 'any(many, \\"@ > 9\\")')")`,
  `quote${' | json'.repeat(400)}`,
  `quote${' | yaml'.repeat(300)}`,
  'any(many, "nope > 1")',
  "count(many, '@ == 1')",
  "long matches '(x+x+)+z'",
]

const prompted = (text) => `name: p\nsteps:\n  - {name: a, type: claude, prompt: "${text}"}\n`

/** Files of 64 KB that are hard on a reader. */
const files = {
  'brackets without an end': '['.repeat(kilobytes),
  'mappings without an end': '{a: '.repeat(kilobytes / 4),
  dashes: '- '.repeat(kilobytes / 2),
  'a key 8,000 times, with an anchor': 'a: &a b\n'.repeat(8_000),
  '5,000 keys that nobody knows': Array.from({length: 5_000}, (_, at) => `k${at}: v`).join('\n'),
  '13,000 times a name that nobody knows': prompted('{{x}}'.repeat(13_000)),
  '8,000 names that nobody knows': prompted(Array.from({length: 8_000}, (_, at) => `{{x${at}}}`).join('')),
  '32,000 open braces': prompted('{{'.repeat(kilobytes / 2)),
  '1,600 steps of one name': `steps:\n${'- {name: a, type: echo, value: "{{b}}"}\n'.repeat(1_600)}`,
  '1,200 steps': manySteps(1_200),
}

/** Whatever somebody writes: 64 KB of it are read, or refused, at once. What the YAML library takes of it stands beside it. */
async function limits() {
  title(`64 KB of hostile text (median of ${runs})`)
  const values = {
    long: 'xy'.repeat(kilobytes / 2),
    quote: '"'.repeat(kilobytes),
    many: Array.from({length: kilobytes / 2}, (_, at) => at % 7),
  }
  const find = (name) => (Object.hasOwn(values, name) ? {value: values[name], vouched: true} : undefined)
  for (const source of expressions) {
    const {tree} = engine.readExpression(source)
    const [took] = await interleaved([() => timed(() => engine.evaluate(tree, {find, now: 0}))])
    print(source.slice(0, 50), ms(median(took)), median(took), mostMs, 'ms')
  }
  for (const [what, text] of Object.entries(files)) {
    const [whole, yaml] = await interleaved([
      () => timed(() => engine.parsePipeline(text, 'x.yaml', {reader: 'lenient'})),
      () => timed(() => engine.parseYaml(text, 'x.yaml')),
    ])
    const own = Math.max(0, median(whole) - median(yaml))
    print(what, `${ms(own)} beside ${ms(median(yaml))} of the YAML library`, own, mostMs, 'ms')
  }
}

const benches = {steps, map, memory, templates, limits, whole}
const wanted = process.argv.slice(2)
if (role === 'server') await serve(Number(given))
else if (role === 'peer') await askPlainly(given)
else
  for (const [name, bench] of Object.entries(benches)) if (wanted.length === 0 || wanted.includes(name)) await bench()
