#!/usr/bin/env node
// Cold start is a feature: this file imports nothing big statically, and each part of the program is a chunk of its own.
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {isMainThread} from 'node:worker_threads'
import {home} from './adapters/home.ts'

const words = process.argv.slice(2)

if (!isMainThread) {
  const {serve} = await import('./parser.ts')
  await serve()
} else if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  const text = readFileSync(join(home, 'package.json'), 'utf8')
  process.stdout.write(`${/"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown'}\n`)
} else if (words.length === 0 && process.env['GITHUB_ACTIONS'] === 'true') {
  const {act} = await import('./action.ts')
  process.exitCode = await act()
} else {
  const {command} = await import('./cli.ts')
  process.exitCode = await command(words)
}
