// What the tests have, as a module that a benchmark can import: their sources, bundled for this one run.
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {build} from 'esbuild'

/** @param source a TypeScript file; what it looks for beside itself is found beside it, not beside the bundle */
export async function load(source) {
  const folder = mkdtempSync(join(tmpdir(), 'refactor-plan-bench-'))
  const outfile = join(folder, 'bundle.mjs')
  try {
    await build({
      entryPoints: [source],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
      define: {'import.meta.url': JSON.stringify(pathToFileURL(source).href)},
      banner: {
        js: "import {createRequire as requireFrom} from 'node:module'\nconst require = requireFrom('file:///bundle.mjs')",
      },
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(folder, {recursive: true})
  }
}
