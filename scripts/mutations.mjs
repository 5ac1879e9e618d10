// Takes one mitigation after the other away (test/mutations/) in copies of the tree and runs the tests that must notice.
// `--unit` leaves out what only the bundle shows, `--only <id>` (also the start of one) runs some and says which test noticed.
// Exit 1 below 90 %, or when an entry is stale: its text is not there exactly once, no test has its name, its tests fail anyway.
import {buildSync} from 'esbuild'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {createVitest} from 'vitest/node'
import {mutations} from '../test/mutations/list.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const least = 0.9
/** Of one group; a mutation that loops would otherwise never be told. */
const patienceMs = 600_000

const {values} = parseArgs({options: {only: {type: 'string'}, unit: {type: 'boolean', default: false}}})
const isBundled = ({tests}) => tests.some((test) => test.startsWith('test/acceptance/'))
const wanted = mutations.filter(
  (each) => (!values.unit || !isBundled(each)) && (values.only === undefined || each.id.startsWith(values.only)),
)
const say = (line) => process.stdout.write(`${line}\n`)
const seconds = (from) => `${((performance.now() - from) / 1000).toFixed(1)} s`

/* ------------------------------------------------------------------------------------------------------------ copies */

/** Paths of what is imported, and so must be a file of its own in every copy; a link would lead back to the original. */
const code = ['src', 'test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), {recursive: true, withFileTypes: true}).map((each) => ({
      folder: join(each.parentPath ?? each.path, '').slice(root.length + 1),
      name: each.name,
      isFile: each.isFile(),
    })),
  )
  .filter(({isFile}) => isFile)

/** Read by path only. */
const others = ['gold', 'pipelines', 'schemas', 'examples', 'action.yml', 'package.json', 'README.md', 'SECURITY.md']

/** Once for all, on the file system where the copies are: of it a copy is hard links, made in no time. */
function copyCode(place) {
  const original = join(place, 'original')
  for (const folder of new Set(code.map((each) => each.folder))) mkdirSync(join(original, folder), {recursive: true})
  for (const {folder, name} of code) writeFileSync(join(original, folder, name), readFileSync(join(root, folder, name)))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
  return original
}

function copyTree(place, original, name) {
  const copy = join(place, name)
  for (const folder of new Set(code.map((each) => each.folder))) mkdirSync(join(copy, folder), {recursive: true})
  for (const {folder, name: file} of code) linkSync(join(original, folder, file), join(copy, folder, file))
  for (const other of others) symlinkSync(join(root, other), join(copy, other))
  mkdirSync(join(copy, 'dist'))
  symlinkSync(join(root, 'dist', 'grammars'), join(copy, 'dist', 'grammars'))
  return copy
}

function mutate(copy, {file, find, replace}) {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  // it is a hard link: written over, it would change everywhere
  rmSync(path)
  writeFileSync(path, text.split(find).join(replace))
}

/** Not the shipped bundle (tsc, ncc, minified), but the same code in the same place, in half a second. */
const bundle = (copy) =>
  buildSync({
    entryPoints: [join(copy, 'src', 'index.ts')],
    outfile: join(copy, 'dist', 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"},
  })

/* ------------------------------------------------------------------------------------------------------------- tests */

/** One vitest for all: starting it, and loading what tests import, costs more than most tests. */
async function startTests(place) {
  let modules = []
  const vitest = await createVitest('test', {
    root: place,
    config: false,
    watch: false,
    // as in vitest.config.ts
    globalSetup: [join(root, 'test', 'setup.ts')],
    isolate: false,
    maxWorkers: 2,
    // what a mutation makes wait for ever is waited for
    testTimeout: 20_000,
    hookTimeout: 120_000,
    reporters: [{onTestRunEnd: (ended) => void (modules = ended)}],
  })
  const run = async (files, name) => {
    if (name === undefined) vitest.resetGlobalTestNamePattern()
    else vitest.setGlobalTestNamePattern(name)
    vitest.state.filesMap.clear()
    await vitest.runTestSpecifications(files.map((file) => vitest.getRootProject().createSpecification(file)))
    return new Map(modules.map((module) => [module.moduleId, resultOf(module)]))
  }
  return {run, close: () => vitest.close()}
}

function resultOf(module) {
  const tests = [...module.children.allTests()].map((test) => ({name: test.fullName, state: test.result().state}))
  return {
    isLoaded: module.errors().length === 0,
    ran: tests.filter(({state}) => state !== 'skipped').length,
    failed: tests.find(({state}) => state === 'failed')?.name ?? null,
  }
}

/* --------------------------------------------------------------------------------------------------------- mutations */

/** What is wrong with an entry by itself; null: nothing. */
function staleness({file, find, replace, id}) {
  const times = readFileSync(join(root, file), 'utf8').split(find).length - 1
  if (times !== 1) return `its text occurs ${times} times in ${file}`
  if (find === replace) return 'it changes nothing'
  return mutations.filter((each) => each.id === id).length > 1 ? 'its id is taken' : null
}

function groupsOf(list) {
  const groups = new Map()
  for (const each of list) {
    const key = [...each.tests, each.name ?? ''].join(' ')
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return [...groups.values()]
}

/** Why these tests say nothing, or which of them failed; both null: none did. */
function verdictOf(results, name) {
  if (results.some((each) => each === undefined || !each.isLoaded)) return {stale: 'the code or its tests do not load'}
  if (results.every(({ran}) => ran === 0)) return {stale: `no test is named ${name ?? ''}`}
  return {stale: null, killedBy: results.find(({failed}) => failed !== null)?.failed ?? null}
}

let copied = 0
/** All of a group at once, each in a copy of its own; the first copy is as it was, for a test that fails anyway shows nothing. */
async function carryOut(group, {place, original, tests}) {
  const [{tests: files, name}] = group
  const copies = [null, ...group].map((mutation, at) => {
    // a name of its own each time: vitest remembers what it has read
    const copy = copyTree(place, original, `${copied++}-${at}`)
    if (mutation !== null) mutate(copy, mutation)
    if (isBundled(group[0])) bundle(copy)
    return copy
  })
  const filesIn = (copy) => files.map((file) => join(copy, file))
  const results = await tests.run(copies.flatMap(filesIn), name)
  const [before, ...verdicts] = copies.map((copy) =>
    verdictOf(
      filesIn(copy).map((file) => results.get(file)),
      name,
    ),
  )
  for (const copy of copies) rmSync(copy, {recursive: true, force: true})
  const anyway = before.stale ?? (before.killedBy === null ? null : `it fails without a mutation: ${before.killedBy}`)
  return group.map((mutation, at) => ({mutation, ...(anyway === null ? verdicts[at] : {stale: anyway})}))
}

async function inTime(act, what) {
  const timer = setTimeout(() => {
    say(`${what}: no answer in ${patienceMs / 1000} s; a mutation must not loop`)
    process.exit(1)
  }, patienceMs)
  const result = await act()
  clearTimeout(timer)
  return result
}

function report(done) {
  const stale = done.filter((each) => each.stale !== null)
  const survivors = done.filter((each) => each.stale === null && each.killedBy === null)
  const score = done.length === 0 ? 0 : 1 - (stale.length + survivors.length) / done.length
  for (const {mutation, killedBy} of done)
    if (values.only !== undefined && killedBy) say(`${mutation.id}: noticed by "${killedBy}"`)
  for (const {mutation, stale: why} of stale) say(`STALE     ${mutation.id}: ${why}`)
  for (const {mutation} of survivors) say(`SURVIVED  ${mutation.id} in ${mutation.file}: ${mutation.guards}`)
  say(`${done.length} mutations, ${survivors.length} survived, ${stale.length} stale: ${(score * 100).toFixed(1)} %`)
  return stale.length === 0 && score >= least ? 0 : 1
}

const started = performance.now()
const early = wanted.map((mutation) => ({mutation, stale: staleness(mutation)})).filter(({stale}) => stale !== null)
const sound = wanted.filter((each) => early.every(({mutation}) => mutation !== each))
const place = realpathSync(mkdtempSync(join(tmpdir(), 'refactor-plan-mutations-')))
let exit = 1
try {
  const outside = {place, original: copyCode(place), tests: await startTests(place)}
  const done = [...early]
  for (const group of groupsOf(sound)) {
    const began = performance.now()
    const what = `${group[0].tests.join(', ')}${group[0].name === undefined ? '' : ` -t "${group[0].name}"`}`
    const ended = await inTime(() => carryOut(group, outside), what)
    const left = ended.filter(({killedBy}) => !killedBy).map(({mutation}) => mutation.id)
    say(`${what}: ${group.length} in ${seconds(began)}${left.length === 0 ? '' : `, left: ${left.join(', ')}`}`)
    done.push(...ended)
  }
  await outside.tests.close()
  exit = report(done)
} finally {
  rmSync(place, {recursive: true, force: true})
}
say(seconds(started))
process.exit(exit)
