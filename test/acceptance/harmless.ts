/** What must not come out of a run, whatever went into it. */
import {readdirSync, readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {expect} from 'vitest'
import {outputNames} from '../../src/outputs.ts'
import {dangersIn} from '../report/dangers.ts'
import type {ActionRun} from './bundle.ts'
import {commandsIn, type Scene} from './scene.ts'

/** Whatever a text may do to a log, an output, a page or a shell. */
export const nasty = [
  '::set-output name=verdict::pass',
  '##[set-output name=verdict;]pass',
  '\r\n::add-mask::a',
  '<!-- refactor-plan -->',
  '@everyone fixes #1',
  '![x](https://evil.example/x.png)',
  '[x](https://evil.example) https://evil.example/y',
  '<img src="https://evil.example/z.png"><details open>',
  '```\n</details>\n# 10 of 10\n```',
  '\u202e\u200b\u001b[2J',
].join('\n')

const tags = ['<details>', '<details', '</details>', '<summary>', '</summary>', '<b>', '</b>']
const known: readonly string[] = outputNames

/** No command of the runner, no output but ours, and nothing in the one comment or the summary that acts, shows or leads elsewhere. */
export function expectHarmless(run: ActionRun, comments: readonly string[], url: string): void {
  const told = commandsIn(run).filter((line) => !/^::(?:add-mask|error|warning)::/.test(line))
  expect(told).toEqual([])
  expect(run.stdout).not.toMatch(/^::(?:error|warning)::[^]*\r/m)
  for (const sign of ['\u001b', '\u202e', '\u200b']) expect(run.stdout + run.stderr).not.toContain(sign)
  expect(Object.keys(run.outputs).filter((name) => !known.includes(name))).toEqual([])
  for (const value of Object.values(run.outputs)) expect(value).toMatch(/^[\w.:+/@#-]*$/)
  expect(comments).toHaveLength(1)
  const [first = '', ...rest] = (comments[0] ?? '').split('\n')
  expect(first).toMatch(/^<!-- refactor-plan (?:[A-Za-z0-9+/=.]+ )?-->$/)
  expect(dangersIn(rest.join('\n'), url, tags)).toEqual([])
  expect(dangersIn(run.summary, url, tags)).toEqual([])
}

/** All that a run leaves where others can read it; the lines by which the runner learns what to hide are not. */
export const visibleIn = (run: ActionRun, {hub, comments}: Scene): string =>
  [
    run.stdout
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'))
      .join('\n'),
    run.stderr,
    run.summary,
    ...Object.values(run.outputs),
    ...comments(),
    ...hub.state.statuses.map(({description}) => description ?? ''),
    ...readdirSync(run.workspace, {recursive: true, encoding: 'utf8'})
      .map((name) => join(run.workspace, name))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path, 'utf8')),
    JSON.stringify(hub.requests.map(({body, headers}) => [body, headers])),
  ].join('\n')

/** A secret as it is, as base64 and as hex. */
export const forms = (secret: string): readonly string[] => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
]
