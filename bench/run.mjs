// `npm run bench` runs all, `npm run bench -- start` one. Whole processes, interleaved with the baseline `node -e 0`, medians and ratios:
// machines are noisy, so trust the ratio more than the milliseconds.
import {execFileSync, spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const bundle = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'index.js')
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

function time(args, cwd) {
  const start = performance.now()
  const {status, stderr} = spawnSync(process.execPath, args, {cwd, encoding: 'utf8'})
  if (status !== 0) throw new Error(`exit ${status}: ${args.join(' ')}\n${stderr}`)
  return performance.now() - start
}

function compare(name, rows, cwd, runs) {
  const times = rows.map(() => [])
  for (let run = 0; run <= runs; run++)
    rows.forEach(([, args], at) => (run === 0 ? time(args, cwd) : times[at].push(time(args, cwd))))
  const base = median(times[0])
  console.log(`\n${name} (${runs} runs each, interleaved, Node ${process.version})`)
  rows.forEach(([label], at) => {
    const ms = median(times[at])
    console.log(
      `  ${label.padEnd(44)} median ${ms.toFixed(0).padStart(6)} ms  min ${Math.min(...times[at])
        .toFixed(0)
        .padStart(6)}  × ${(ms / base).toFixed(2)}`,
    )
  })
}

const files = 100
function repositoryOf100() {
  const root = mkdtempSync(join(tmpdir(), 'refactor-plan-bench-'))
  mkdirSync(join(root, 'lib'))
  const body = (n) =>
    Array.from(
      {length: 20},
      (_, f) =>
        `  def work_${f}(order, state) do\n    case Map.fetch(state, order.id) do\n      {:ok, value} -> {:ok, value + ${n * f}}\n      :error -> {:error, :unknown}\n    end\n  end\n`,
    ).join('\n')
  for (let n = 0; n < files; n++) {
    writeFileSync(
      join(root, 'lib', `part_${n}.ex`),
      `defmodule Shop.Part${n} do\n${body(n)}\n  def start(pid) do\n    spawn(fn -> send(pid, :ready) end)\n  end\nend\n`,
    )
  }
  execFileSync('git', ['init', '-q', root])
  execFileSync('git', ['-C', root, 'add', '-A'])
  execFileSync('git', [
    '-C',
    root,
    '-c',
    'user.name=bench',
    '-c',
    'user.email=bench@example.com',
    'commit',
    '-qm',
    'all',
  ])
  return root
}

const benches = {
  start: () =>
    compare(
      'cold start',
      [
        ['node -e 0', ['-e', '0']],
        ['--version', [bundle, '--version']],
        ['--help', [bundle, '--help']],
      ],
      undefined,
      15,
    ),
  plan: () => {
    const root = repositoryOf100()
    const out = mkdtempSync(join(tmpdir(), 'refactor-plan-bench-out-'))
    compare(
      `the offline pipeline on a repository of ${files} files`,
      [
        ['node -e 0', ['-e', '0']],
        ['pack', [bundle, 'pack', root]],
        ['scan', [bundle, 'scan', root]],
        ['plan --pipeline offline', [bundle, 'plan', root, '--pipeline', 'offline', '--output', out]],
      ],
      out,
      7,
    )
    rmSync(root, {recursive: true})
    rmSync(out, {recursive: true})
  },
}

const wanted = process.argv.slice(2)
for (const [name, bench] of Object.entries(benches)) if (wanted.length === 0 || wanted.includes(name)) bench()
