// `npm run bench:optimize -- table` lets optimizers fight for the same worlds (bench/optimize/world.ts) and prints Markdown; with
// `--write` it goes into docs/optimize.md too. Options: `--seeds 20` `--from 101` `--salt bench` `--only facets@80,chain@80`
// `--optimizers forge,gepa,ax-gepa` `--wire claude|gemini|openai` `--counts runs|all` `--alien` `--scrambled` `--tools <folder>`.
// ax is another project's, so it is fetched into .tools/ax when it is not there, and is no dependency of this one; without a network its
// columns are left out. Two processes take the runs in turn, each with a server of its own.
import {execFileSync, fork} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'

const self = fileURLToPath(import.meta.url)
const root = join(dirname(self), '..')
const document = join(root, 'docs', 'optimize.md')
const [begin, end] = ['<!-- optimize:table -->\n', '<!-- /optimize:table -->']
const lanes = 2

const cells =
  'facets@40,facets@80,facets@160,chain@80,chain@160,single@20,single@80,trap@80,trap@320,null@160,ridge@160,drift@160,adversarial@160'
const usual = 'forge,gepa,bootstrap,mipro,random,ax-gepa'
/** It is what all others are held against. */
const ours = 'forge'

/**
 * GEPA itself: gepa b265bf9 (19 August 2026, Python) with its defaults, 10 seeds (one gold standard: 20), in the first build of these
 * landscapes; held-out true score, and the part of the runs that promoted something where nothing is better.
 */
const recorded = {
  facets: {40: 0.473, 80: 0.565, 160: 0.746, 320: 0.873},
  trap: {40: 0.421, 80: 0.443, 160: 0.505, 320: 0.551},
  chain: {40: 0.27, 80: 0.365, 160: 0.4, 320: 0.564},
  single: {10: 0.285, 20: 0.327, 40: 0.475, 80: 0.604},
}
const recordedPromotions = '0.90 (10 runs)'

const loaded = async () => (await import('./load.mjs')).load(join(root, 'bench', 'optimize', 'runner.ts'))

/** The child: runs what it is handed, until its parent is gone. */
async function lane(tools) {
  const {startRunner} = await loaded()
  const runner = await startRunner(tools)
  const answer = async (task) => {
    try {
      process.send({outcome: await runner.run(task)})
    } catch (error) {
      process.send({outcome: null, error: String(error?.message ?? error)})
    }
  }
  process.on('message', (task) => void answer(task))
  process.on('disconnect', () => process.exit())
  process.send({ready: true})
}

function optionsOf(args) {
  const text = (fallback) => ({type: 'string', default: fallback})
  const {values, positionals} = parseArgs({
    args,
    allowPositionals: true,
    options: {
      seeds: text('20'),
      from: text('101'),
      salt: text('bench'),
      only: text(cells),
      optimizers: text(usual),
      wire: text('openai'),
      counts: text('runs'),
      // npm takes away what it finds in a folder and was not asked for: no other peer may stand there
      tools: text(join(root, '.tools', 'ax')),
      alien: {type: 'boolean', default: false},
      scrambled: {type: 'boolean', default: false},
      write: {type: 'boolean', default: false},
    },
  })
  /** @returns {never} */
  const fail = (what) => {
    console.error(`bench:optimize: ${what}`)
    process.exit(2)
  }
  const wholeOf = (name) =>
    /^\d+$/.test(String(values[name])) ? Number(values[name]) : fail(`--${name} takes a whole number`)
  const oneOf = (name, all) =>
    all.includes(values[name]) ? values[name] : fail(`--${name} takes one of ${all.join(', ')}`)
  if (positionals.some((each) => each !== 'table')) fail(`${positionals.join(' ')}: there is only \`table\``)
  if (!/^\w+$/.test(values.salt)) fail('--salt is of letters, digits and _')
  const prefix = values.alien ? 'alien-' : ''
  return {
    seeds: Array.from({length: wholeOf('seeds')}, (_, at) => wholeOf('from') + at),
    salt: values.salt,
    cells: values.only.split(',').map((name) => {
      const [, landscape, budget] = /^([a-z]+)@(\d+)$/.exec(name) ?? fail(`--only ${name}: as in facets@80`)
      return {name, landscape: `${prefix}${landscape}`, plain: landscape, budget: Number(budget)}
    }),
    optimizers: values.optimizers.split(','),
    wire: oneOf('wire', ['claude', 'gemini', 'openai']),
    counts: oneOf('counts', ['runs', 'all']),
    tools: resolve(values.tools),
    isAlien: values.alien,
    isScrambled: values.scrambled,
    writes: values.write,
  }
}

/** Installs ax where it is not there. */
async function hasAx(tools, {axIn, peer}) {
  if ((await axIn(tools)) !== null) return true
  try {
    mkdirSync(tools, {recursive: true})
    const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', tools, peer]
    execFileSync('npm', install, {cwd: tools, stdio: ['ignore', 'ignore', 'inherit']})
    return (await axIn(tools)) !== null
  } catch (error) {
    console.error(`${peer} is not compared: ${error.message}`)
    return false
  }
}

/** @returns the outcomes in the order of the tasks; null: refused */
async function runAll(tasks, tools, onDone) {
  const outcomes = tasks.map(() => null)
  let next = 0
  const work = () =>
    new Promise((resolve, reject) => {
      const child = fork(self, ['lane', tools])
      let at = null
      child.on('exit', (code) => reject(new Error(`a lane ended with ${code}`)))
      child.on('message', ({outcome, error}) => {
        if (at !== null) {
          outcomes[at] = outcome
          onDone(at, outcome, error)
        }
        if (next < tasks.length) {
          at = next++
          child.send(tasks[at])
          return
        }
        child.removeAllListeners('exit')
        child.disconnect()
        resolve()
      })
    })
  await Promise.all(Array.from({length: Math.min(lanes, tasks.length)}, work))
  return outcomes
}

const line = (items) => `| ${items.join(' | ')} |`
const table = (head, body) => [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')

const two = (value) => value.toFixed(3).replace(/^(-?)0\./, '$1.')
const signed = (value) => `${value < 0 ? '−' : '+'}${two(Math.abs(value))}`
const spread = (summary, show) =>
  summary === null ? '–' : `${show(summary.mean)}${summary.error === null ? '' : ` ±${two(summary.error)}`}`

/** What was measured: of one cell and optimizer, the outcomes by their seeds. */
function measuredOf(tasks, outcomes) {
  const known = new Map()
  tasks.forEach(({cell, optimizer, seed}, at) => {
    const key = `${cell} ${optimizer}`
    if (!known.has(key)) known.set(key, new Map())
    if (outcomes[at] !== null) known.get(key).set(seed, outcomes[at])
  })
  return (cell, optimizer) => known.get(`${cell} ${optimizer}`) ?? new Map()
}

function scores({cells, optimizers, isAlien, isScrambled}, of, {summaryOf}) {
  const isRecorded = !isAlien && !isScrambled
  const head = ['world@runs', ...optimizers, ...(isRecorded ? ['GEPA (recorded)'] : [])]
  return table(
    head,
    cells.map(({name, plain, budget}) => {
      const all = optimizers.map((optimizer) => summaryOf([...of(name, optimizer).values()].map(({held}) => held)))
      const best = Math.max(...all.map((each) => each?.mean ?? 0))
      const shown = all.map((each) => (each?.mean === best ? `**${spread(each, two)}**` : spread(each, two)))
      const known = recorded[plain]?.[budget]
      return [name, ...shown, ...(isRecorded ? [known === undefined ? '–' : two(known)] : [])]
    }),
  )
}

function differences({cells, optimizers}, of, {pairedOf}) {
  const others = optimizers.filter((each) => each !== ours)
  const body = cells.map(({name}) => [
    name,
    ...others.map((optimizer) => {
      const theirs = of(name, optimizer)
      const pairs = [...of(name, ours)].flatMap(([seed, {held}]) =>
        theirs.has(seed) ? [held - theirs.get(seed).held] : [],
      )
      const paired = pairedOf(pairs)
      if (paired === null) return '–'
      const least = paired.least === null ? '' : `, ≥ ${signed(paired.least)}`
      return `${spread(paired, signed)}${least} (${paired.wins}/${paired.count})`
    }),
  ])
  return table(['world@runs', ...others], body)
}

function honesty({cells, optimizers}, of, {clopperPearson, summaryOf}) {
  const body = optimizers.map((optimizer) => {
    const all = cells.flatMap(({name}) => [...of(name, optimizer).values()])
    const flat = cells
      .filter(({plain}) => plain === 'null')
      .flatMap(({name}) => [...of(name, optimizer).values()].map(({promoted}) => promoted))
    const promoted = flat.filter(Boolean).length
    const claims = all.flatMap(({claimed, gold}) => (claimed === null ? [] : [claimed - gold]))
    const over = all.map(({overshoot}) => overshoot)
    const asked = summaryOf(
      cells.flatMap(({name, budget}) => [...of(name, optimizer).values()].map(({questions}) => questions / budget)),
    )
    return [
      optimizer,
      flat.length === 0 ? '–' : `${promoted}/${flat.length}, ≤ ${two(clopperPearson(promoted, flat.length))}`,
      spread(summaryOf(claims), signed),
      all.length === 0 ? '–' : `${over.filter((each) => each > 0).length}/${all.length}, ${Math.max(...over)}`,
      asked === null ? '–' : two(asked.mean),
    ]
  })
  return table(
    [
      '',
      'promoted where nothing is better, 95 % upper bound',
      'claimed − true',
      'runs above the limit, by most',
      'questions for new words for each allowed run',
    ],
    body,
  )
}

function pageOf(options, of, statistics, {seconds, failures}) {
  const {seeds, salt, wire, counts, isAlien, isScrambled, optimizers} = options
  const date = new Date().toISOString().slice(0, 10)
  const conditions = [
    `seeds ${seeds[0]}–${seeds.at(-1)}`,
    `salt \`${salt}\``,
    `wire ${wire}`,
    counts === 'runs' ? 'questions for new words are free' : 'questions for new words are paid from the same limit',
    ...(isAlien ? ['other numbers, words and forms of answers'] : []),
    ...(isScrambled ? ['reasons say nothing'] : []),
  ]
  const parts = [
    `Measured ${date} with \`npm run bench:optimize -- table\`: ${conditions.join(', ')}; Node ${process.version}, ${Math.round(seconds)} s.`,
    `True score on unseen cases, 0 to 1, mean ± standard error. Behind the @: whole runs of the pipeline that are allowed.`,
    scores(options, of, statistics),
    ...(failures > 0 ? [`${failures} runs failed and are left out.`] : []),
    ...(isAlien || isScrambled
      ? []
      : [
          `Recorded: GEPA b265bf9 (Python) with its defaults, 10 seeds (\`single\`: 20), first build of these worlds; there it promoted ${recordedPromotions} where nothing is better.`,
        ]),
    ...(optimizers.some((each) => each.startsWith('ax-'))
      ? [
          `\`ax-…\`: ${statistics.peer}. It counts whole runs only${counts === 'all' ? ', so what it asks for new words comes on top of the limit' : ''}, and refuses a world with one case.`,
        ]
      : []),
    ...(optimizers.includes(ours) && optimizers.length > 1
      ? [
          `\`${ours}\` less the other in the same worlds: mean ± standard error, 95 % lower bound (Student, one-sided), worlds won.`,
          differences(options, of, statistics),
        ]
      : []),
    honesty(options, of, statistics),
  ]
  return `${parts.join('\n\n')}\n`
}

function write(text) {
  let before = ''
  try {
    before = readFileSync(document, 'utf8')
  } catch {}
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) {
    console.error('docs/optimize.md has no place for the table: nothing is written')
    return
  }
  writeFileSync(document, `${before.slice(0, from + begin.length)}${text}${before.slice(to)}`)
}

async function main(args) {
  const given = optionsOf(args)
  const statistics = await loaded()
  const wantsAx = given.optimizers.some((each) => each.startsWith('ax-'))
  const isThere = wantsAx && (await hasAx(given.tools, statistics))
  const options = {...given, optimizers: given.optimizers.filter((each) => isThere || !each.startsWith('ax-'))}
  if (wantsAx && !isThere) console.error(`${statistics.peer} is not there: it is skipped`)
  const {cells, optimizers, seeds, salt, wire, counts, isScrambled} = options
  const tasks = cells.flatMap(({name: cell, landscape, budget}) =>
    optimizers.flatMap((optimizer) =>
      seeds.map((seed) => ({cell, optimizer, landscape, seed, salt, wire, budget, counts, isScrambled})),
    ),
  )
  const start = performance.now()
  const left = new Map()
  for (const {cell, optimizer} of tasks) left.set(`${cell} ${optimizer}`, (left.get(`${cell} ${optimizer}`) ?? 0) + 1)
  const told = new Set()
  let [done, failures] = [0, 0]
  const seconds = () => (performance.now() - start) / 1000
  const outcomes = await runAll(tasks, options.tools, (at, outcome, error) => {
    done += 1
    const {cell, optimizer} = tasks[at]
    const key = `${cell} ${optimizer}`
    if (error !== undefined) failures += 1
    if (error !== undefined && !told.has(`${key} ${error}`)) console.error(`${key}, seed ${tasks[at].seed}: ${error}`)
    told.add(`${key} ${error}`)
    left.set(key, left.get(key) - 1)
    if (left.get(key) === 0) console.error(`${done}/${tasks.length} ${key} (${seconds().toFixed(0)} s)`)
  })
  const text = pageOf(options, measuredOf(tasks, outcomes), statistics, {seconds: seconds(), failures})
  console.log(text)
  if (failures > 0) process.exitCode = 1
  else if (options.writes) write(text)
}

const [first, ...rest] = process.argv.slice(2)
if (first === 'lane') await lane(rest[0])
else await main(process.argv.slice(2))
