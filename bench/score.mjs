// `npm run bench:score` (`-- --write`: and puts it into docs/scoring.md) measures the scorer on every gold standard that comes with its code and prints Markdown: the rows of the
// benchmark (docs/scoring.md), then what comparing texts makes of the same plans. The rows are the tests' own.
// The comparison is another project's, so it is fetched into .tools when it is not there, and is no dependency of this one;
// without a network its columns stay empty.
import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {load} from './load.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'test', 'score', 'benchmark.ts')

const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
const table = (head, body) => [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n')

const mark = (oks) => (oks.length === 0 ? '–' : oks.every(Boolean) ? '✓' : '✗')

function rowsOf({cases, rows, wholes}) {
  const number = ([id]) => Number(id.slice(1))
  const measured = rows.map(({id, what, target, measure}) => {
    const cells = cases.map((given) => measure(given))
    const shown = cells.map((cell) => (cell === null ? '–' : cell.ok ? cell.shown : `**${cell.shown}**`))
    return [id, what, target, ...shown, mark(cells.flatMap((cell) => (cell === null ? [] : [cell.ok])))]
  })
  const whole = wholes.map(({id, what, target, measure}) => {
    const cell = measure()
    const shown = cell === null ? 'needs a live judge: not measured' : cell.shown
    return [id, what, target, shown, ...cases.slice(1).map(() => ''), mark(cell === null ? [] : [cell.ok])]
  })
  return [...measured, ...whole].toSorted((a, b) => number(a) - number(b))
}

const peer = 'autoevals@0.3.0'
async function peers() {
  const tools = join(root, '.tools')
  const folder = join(tools, 'node_modules', 'autoevals')
  try {
    const manifest = join(folder, 'package.json')
    const isThere = existsSync(manifest) && `autoevals@${JSON.parse(readFileSync(manifest, 'utf8')).version}` === peer
    if (!isThere) {
      mkdirSync(tools, {recursive: true})
      const install = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', tools, peer]
      execFileSync('npm', install, {cwd: tools, stdio: ['ignore', 'ignore', 'inherit']})
    }
    const {main, exports: entry} = JSON.parse(readFileSync(manifest, 'utf8'))
    const file = entry?.['.']?.import?.default ?? entry?.['.']?.import ?? main
    const {ListContains, JSONDiff} = await import(pathToFileURL(join(folder, file)).href)
    return {ListContains, JSONDiff}
  } catch (error) {
    console.error(`${peer} is not compared: ${error.message}`)
    return null
  }
}

const asText = ({title, description, category, locations}) =>
  [
    ...locations.map(({file, start_line: start, evidence}) => `${file}:${start ?? ''} ${evidence ?? ''}`),
    category,
    title ?? '',
    description,
  ].join('\n')
const plain = ({findings, changes}) => JSON.parse(JSON.stringify({findings, changes}))

async function compared({reviewed, peerCasesOf, scoreOf}) {
  const other = await peers()
  const score = async (scorer, output, expected, more = {}) =>
    scorer === undefined ? Number.NaN : 10 * ((await scorer({output, expected, ...more})).score ?? 0)
  const rows = new Map()
  for (const given of reviewed) {
    for (const {what, good, plan, given: where} of peerCasesOf(given)) {
      const [ours, theirs] = [plan.findings.map(asText), given.plan.findings.map(asText)]
      const cells = [
        await score(other?.ListContains, ours, theirs),
        await score(other?.ListContains, ours, theirs, {allowExtraEntities: true}),
        await score(other?.JSONDiff, plain(plan), plain(given.plan)),
        scoreOf(plan, where),
      ]
      rows.set(what, {good, all: [...(rows.get(what)?.all ?? []), cells]})
    }
  }
  return [...rows].map(([what, {good, all}]) => {
    const cells = all[0].map((_, at) => {
      const values = all.map((each) => each[at])
      if (values.some(Number.isNaN)) return '–'
      const [low, high] = [Math.min(...values).toFixed(2), Math.max(...values).toFixed(2)]
      const isWrong = values.some((value) => value >= 8 !== good)
      const shown = low === high ? low : `${low}–${high}`
      return isWrong ? `**${shown}**` : shown
    })
    return [what, good ? 'pass' : 'fail', ...cells]
  })
}

const benchmark = await load(source)
const names = benchmark.cases.map(({gold}) => gold.name)
const date = new Date().toISOString().slice(0, 10)
const text = `Measured ${date} with \`npm run bench:score\`, Node ${process.version}. Bold: below the target.

${table(['id', 'what', 'target', ...names, 'ok'], rowsOf(benchmark))}

The same plans compared as texts: score × 10, the least and the most over ${benchmark.reviewed.length} gold standards.
Bold: on the wrong side of 8 for at least one of them.

${table(['plan', 'should', 'ListContains', 'with allowExtraEntities', 'JSONDiff', 'this scorer'], await compared(benchmark))}
`
console.log(text)
if (process.argv.includes('--write')) {
  const file = join(root, 'docs', 'scoring.md')
  const [begin, end] = ['<!-- bench:score -->\n', '<!-- /bench:score -->']
  const before = readFileSync(file, 'utf8')
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${file} has no place for the tables`)
  writeFileSync(file, `${before.slice(0, from + begin.length)}${text}${before.slice(to)}`)
}
