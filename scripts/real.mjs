// `npm run real`: the main job on code that nobody here wrote, downloaded now and kept nowhere: the sources of Elixir and of a few
// Elixir programs from Debian, TypeScript from npm. Prints files, seconds and findings; exits 1 when a run fails or finds nothing.
import {execFileSync, spawnSync} from 'node:child_process'
import {cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const bundle = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'index.js')
const work = mkdtempSync(join(tmpdir(), 'refactor-plan-real-'))
const run = (command, args, cwd = work) =>
  execFileSync(command, args, {cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8'})

function fromDebian(name) {
  const parts = join(work, 'sources')
  const lists = join(work, 'lists')
  mkdirSync(parts, {recursive: true})
  mkdirSync(join(lists, 'partial'), {recursive: true})
  for (const file of readdirSync('/etc/apt/sources.list.d').filter((each) => each.endsWith('.sources'))) {
    writeFileSync(
      join(parts, file),
      readFileSync(join('/etc/apt/sources.list.d', file), 'utf8').replace(/^Types: deb$/gm, 'Types: deb-src'),
    )
  }
  const options = [
    '-o',
    'Dir::Etc::sourcelist=/dev/null',
    '-o',
    `Dir::Etc::sourceparts=${parts}`,
    '-o',
    `Dir::State::Lists=${lists}`,
    '-o',
    'APT::Sandbox::User=root',
    '-q',
  ]
  run('apt-get', [...options, 'update'])
  run('apt-get', [...options, 'source', '--download-only', name])
  const [archive] = readdirSync(work).filter((each) => each.startsWith(name) && each.includes('.orig.tar'))
  const folder = join(work, name)
  mkdirSync(folder)
  run('tar', ['xf', archive, '-C', folder, '--strip-components=1'])
  return folder
}

function fromNpm(name) {
  const [{filename}] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', name]))
  const folder = join(work, name.replaceAll(/\W+/g, '-'))
  mkdirSync(folder)
  run('tar', ['xzf', filename, '-C', folder, '--strip-components=1'])
  return folder
}

function plan(name, folder) {
  const out = join(work, `plans-${name.replaceAll(/\W+/g, '-')}`)
  mkdirSync(out)
  const start = performance.now()
  const {status, stdout, stderr} = spawnSync(
    process.execPath,
    [bundle, 'plan', folder, '--format', 'json', '--output', out],
    {cwd: work, encoding: 'utf8', maxBuffer: 1 << 28},
  )
  const seconds = (performance.now() - start) / 1000
  const scan = spawnSync(process.execPath, [bundle, 'scan', folder, '--format', 'json'], {
    cwd: work,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const pack = spawnSync(process.execPath, [bundle, 'pack', folder, '--format', 'json', '--max-tokens', '2000000'], {
    cwd: work,
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  })
  const result = status === 0 ? JSON.parse(stdout) : {findings: 0, changes: 0}
  const files = pack.status === 0 ? JSON.parse(pack.stdout).files.length : '?'
  console.log(
    `${name}: ${files} files, ${seconds.toFixed(2)} s, ${result.findings} findings, ${result.changes} changes, exit ${status}`,
  )
  if (process.argv.includes('--keep') && scan.status === 0) {
    const kept = join(process.argv.at(-1), name.replaceAll(/\W+/g, '-'))
    mkdirSync(kept, {recursive: true})
    writeFileSync(join(kept, 'scan.json'), scan.stdout)
    cpSync(folder, join(kept, 'code'), {recursive: true})
  }
  if (status !== 0) console.log(stderr.slice(-800))
  return status === 0 && result.findings > 0
}

const sources = {
  'elixir-lang': () => fromDebian('elixir-lang'),
  'zod@4.6.7': () => fromNpm('zod@4.6.7'),
}
let failed = 0
for (const [name, fetch] of Object.entries(sources)) {
  try {
    if (name.startsWith('elixir') && !existsSync('/etc/apt/sources.list.d'))
      throw new Error('this machine has no Debian sources')
    if (!plan(name, fetch())) failed += 1
  } catch (error) {
    console.log(`${name}: skipped, ${String(error.message).split('\n')[0]}`)
  }
}
rmSync(work, {recursive: true, force: true})
process.exitCode = failed === 0 ? 0 : 1
