// src → lib (tsc) → dist (ncc) → minified chunks (esbuild) + the grammars. `--check` builds beside dist and compares byte by byte;
// `--assets` only copies the grammars. ncc minifies index.js but never its chunks, hence esbuild.
import {execFileSync} from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import {createRequire} from 'node:module'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
const bin = (name) => join(root, 'node_modules', '.bin', name)
const run = (command, ...args) => execFileSync(command, args, {cwd: root, stdio: ['ignore', 2, 'inherit']})

const grammars = {
  'elixir.wasm': 'tree-sitter-elixir/tree-sitter-elixir.wasm',
  'javascript.wasm': 'tree-sitter-javascript/tree-sitter-javascript.wasm',
  'python.wasm': 'tree-sitter-python/tree-sitter-python.wasm',
  'tsx.wasm': 'tree-sitter-typescript/tree-sitter-tsx.wasm',
  'typescript.wasm': 'tree-sitter-typescript/tree-sitter-typescript.wasm',
  'web-tree-sitter.js': 'web-tree-sitter/web-tree-sitter.js',
  'web-tree-sitter.wasm': 'web-tree-sitter/web-tree-sitter.wasm',
}

function copyGrammars(out) {
  mkdirSync(join(out, 'grammars'), {recursive: true})
  for (const [name, from] of Object.entries(grammars)) {
    const to = join(out, 'grammars', name)
    cpSync(join(root, 'node_modules', from), to)
    chmodSync(to, 0o644)
    // its map is not shipped, and whoever looks for it fails with a page of noise
    if (name.endsWith('.js')) writeFileSync(to, readFileSync(to, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, ''))
  }
}

function licences(out) {
  // ncc's own list omits what it hoists and what is copied by hand, so the list is made from the lock file.
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shipped = Object.entries(lock.packages)
    .filter(([path, {dev}]) => path !== '' && !dev)
    .map(([path]) => path)
  const copied = [...new Set(Object.values(grammars).map((from) => `node_modules/${from.split('/')[0]}`))]
  const text = [...new Set([...shipped, ...copied])].sort().map((path) => {
    const folder = join(root, path)
    const {name, version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
    return `${name} ${version} (${license ?? 'see below'})\n\n${file ? readFileSync(join(folder, file), 'utf8').replace(/\r\n/g, '\n').trim() : 'No licence file in the package.'}\n`
  })
  writeFileSync(join(out, 'licenses.txt'), text.join(`\n${'-'.repeat(80)}\n\n`))
}

async function build(out) {
  rmSync(join(root, 'lib'), {recursive: true, force: true})
  rmSync(out, {recursive: true, force: true})
  // types are `npm run types`' business; here they would only cost time
  run(bin('tsc'), '-p', 'tsconfig.build.json', '--noCheck')
  run(bin('ncc'), 'build', join('lib', 'index.js'), '-o', out, '-q')
  const {transform} = require('esbuild')
  for (const name of readdirSync(out).filter((each) => each.endsWith('.js'))) {
    const file = join(out, name)
    const {code} = await transform(readFileSync(file, 'utf8'), {
      minify: true,
      keepNames: true,
      format: 'esm',
      target: 'node20',
      legalComments: 'none',
    })
    writeFileSync(file, code)
  }
  copyGrammars(out)
  licences(out)
  chmodSync(join(out, 'index.js'), 0o755)
}

const files = (folder) =>
  readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((each) => each.isFile())
    .map((each) => relative(folder, join(each.parentPath ?? each.path, each.name)))
    .sort()

const dist = join(root, 'dist')
if (process.argv.includes('--assets')) {
  copyGrammars(dist)
} else if (process.argv.includes('--check')) {
  const fresh = join(root, 'lib-check')
  await build(fresh)
  const all = [...new Set([...files(fresh), ...(existsSync(dist) ? files(dist) : [])])].sort()
  const differ = all.filter((name) => {
    const [a, b] = [join(fresh, name), join(dist, name)]
    return !existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b))
  })
  rmSync(fresh, {recursive: true, force: true})
  if (differ.length > 0) {
    process.stderr.write(
      `dist differs from a rebuild in: ${differ.join(', ')}. Run \`npm run build\` and commit dist.\n`,
    )
    process.exit(1)
  }
  process.stdout.write(`dist is equal to a rebuild (${all.length} files)\n`)
} else {
  const fresh = join(root, 'lib-check')
  await build(fresh)
  rmSync(dist, {recursive: true, force: true})
  renameSync(fresh, dist)
  const bytes = files(dist).reduce((sum, name) => sum + statSync(join(dist, name)).size, 0)
  process.stdout.write(`dist: ${files(dist).length} files, ${(bytes / 1e6).toFixed(2)} MB\n`)
}
