// `npm run bench:bot`: the bundle as the Action, against the tests' own fake GitHub. How long from the runner's start to the first
// status, how long a whole offline run takes, and how long a cancelled one needs to say so. Interleaved with `node -e 0`.
import {spawnSync} from 'node:child_process'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {load} from './load.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'test', 'acceptance', 'scene.ts')
const runs = Number(process.argv[2] ?? 9)

const {inScene, passing} = await load(source)
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

function empty() {
  const start = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - start
}

/** When a request of this kind was there, in milliseconds since the run began. */
async function until(scene, route, run) {
  let at = null
  const start = performance.now()
  scene.hub.watch(({method, path}) => {
    if (at === null && route.test(`${method} ${path}`)) at = performance.now() - start
  })
  const ended = await run()
  return {at, ended, all: performance.now() - start}
}

const part = (n, ending) =>
  `defmodule Shop.Part${n} do\n${Array.from({length: 9}, (_, f) => `  def work_${f}(order, state) do\n    case Map.fetch(state, order.id) do\n      {:ok, value} -> {:ok, value + ${n * f}}\n      :error -> {:error, :unknown}\n    end\n  end\n`).join('')}  ${ending}\nend\n`
const found = 'def start(pid), do: spawn(fn -> send(pid, :ready) end)'
const silent = 'def start(pid), do: Shop.Supervisor.start(fn -> {pid, :ready} end)'
const files = 1000
/** @param each how many files share a finding */
const many = (each) => ({
  ...passing,
  ...Object.fromEntries(
    Array.from({length: files}, (_, n) => [`lib/shop/part_${n}.ex`, part(n, n % each === 0 ? found : silent)]),
  ),
})
/** The sources of Elixir have a finding in 5 files, zod in 14 (`npm run real`). */
const usual = many(5)
const worst = many(1)

async function measure(spec, act) {
  let value = null
  await inScene(spec, async (scene) => {
    value = await act(scene)
  })
  return value
}

const status = /POST .*\/statuses\//
const rows = [
  {what: 'node -e 0', limit: null, take: async () => empty()},
  {
    what: 'start of the step → pending at GitHub',
    limit: 1500,
    take: () => measure({}, async (scene) => (await until(scene, status, () => scene.onPull())).at),
  },
  {
    what: 'a whole offline run, 2 files',
    limit: null,
    take: () => measure({}, async (scene) => (await until(scene, status, () => scene.onPull())).all),
  },
  {
    what: `a whole offline run, ${files} files of 57 lines, a finding in five`,
    limit: 5000,
    take: () => measure({base: usual}, async (scene) => (await until(scene, status, () => scene.onPull())).all),
  },
  {
    what: `the same, a finding in each`,
    limit: null,
    take: () => measure({base: worst}, async (scene) => (await until(scene, status, () => scene.onPull())).all),
  },
  {
    what: 'SIGINT while GitHub hangs at the comment → end of the step',
    limit: 5000,
    take: () =>
      measure({}, async (scene) => {
        const route = /POST .*\/comments$/
        scene.hub.faults.push({route, status: 'hang'})
        let send = () => {}
        let sent = 0
        scene.hub.watch(({method, path}) => {
          if (sent > 0 || !route.test(`${method} ${path}`)) return
          sent = performance.now()
          send('SIGINT')
        })
        await scene.onPull({started: (given) => (send = given)})
        return performance.now() - sent
      }),
  },
]

const times = rows.map(() => [])
for (let run = 0; run <= runs; run++) {
  for (const [at, {take}] of rows.entries()) {
    const ms = await take()
    // the first round warms the disk up
    if (run > 0) times[at].push(ms)
  }
}
const base = median(times[0])
console.log(`The bot (${runs} runs each, interleaved, Node ${process.version})`)
rows.forEach(({what, limit}, at) => {
  const ms = median(times[at])
  const held = limit === null ? '' : `  ${ms < limit ? '✓' : '✗'} < ${limit}`
  console.log(
    `  ${what.padEnd(62)} median ${ms.toFixed(0).padStart(6)} ms  worst ${Math.max(...times[at])
      .toFixed(0)
      .padStart(6)}  × ${(ms / base).toFixed(1)}${held}`,
  )
})
