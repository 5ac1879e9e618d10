import {existsSync, mkdtempSync, realpathSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {openShell} from '../../src/adapters/shell.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'shell-')))
const env = {
  PATH: process.env['PATH'],
  HOME: '/home/x',
  ANTHROPIC_API_KEY: 'sk-secret',
  GITHUB_TOKEN: 'ghs_secret',
  LD_PRELOAD: '',
}
const shell = openShell(folder, env)

test.each([
  ['its output', 'echo one; echo two', {text: 'one\ntwo\n', ok: true}],
  ['errors too', 'echo one; echo two >&2', {text: 'one\n\ntwo\n', ok: true}],
  ['nothing', 'true', {text: '', ok: true}],
  ['a failure', 'echo no >&2; exit 3', {text: 'no\n', ok: false}],
  ['where it runs', 'pwd', {text: `${folder}\n`, ok: true}],
  ['quotes and pipes', `printf '%s' "a b" | tr a c`, {text: 'c b', ok: true}],
])('%s', async (_, command, expected) => {
  expect(await shell(command, undefined)).toEqual(expected)
})

test('a failure without a word says that there is one', async () => {
  const {text, ok} = await shell('exit 3', undefined)
  expect({ok, text}).toMatchObject({ok: false, text: expect.stringContaining('exit 3')})
})

test('it knows no keys', async () => {
  const {text} = await shell('env', undefined)
  expect(text).toContain('HOME=/home/x')
  expect(text).not.toMatch(/secret|LD_PRELOAD/)
})

test('more than a mebibyte is ended', async () => {
  const {ok, text} = await shell('yes', undefined)
  expect(ok).toBe(false)
  expect(text.length).toBeLessThanOrEqual(1024 * 1024)
})

test.each([
  ['what it started', '(sleep 1; touch FILE); true'],
  ['what it started in the background', '(sleep 1; touch FILE) & wait'],
  ['what does not listen', `trap '' TERM INT HUP; sleep 1; touch FILE`],
  ['what left its group, which is not waited for', `setsid sh -c 'sleep 20' & sleep 1; touch FILE`],
])('a cancelled run ends %s', async (_, command) => {
  const late = join(mkdtempSync(join(tmpdir(), 'shell-')), 'late')
  const controller = new AbortController()
  const start = performance.now()
  const running = shell(command.replace('FILE', late), controller.signal)
  setTimeout(() => controller.abort(), 200)
  expect((await running).ok).toBe(false)
  expect(performance.now() - start).toBeLessThan(5_000)
  await new Promise((wake) => setTimeout(wake, 1_300))
  expect(existsSync(late)).toBe(false)
})

test('what reads its input has none', async () => {
  expect(await shell('cat; echo end', undefined)).toEqual({text: 'end\n', ok: true})
})

test('where there is no such folder', async () => {
  const {ok, text} = await openShell(join(folder, 'none'), env)('ls', undefined)
  expect({ok, text}).toMatchObject({ok: false, text: expect.stringContaining('could not be started')})
})

test('a cancelled run waits for none', async () => {
  const controller = new AbortController()
  const start = performance.now()
  const running = shell('sleep 60', controller.signal)
  setTimeout(() => controller.abort(), 50)
  expect((await running).ok).toBe(false)
  expect((await shell('echo x', controller.signal)).ok).toBe(false)
  expect(performance.now() - start).toBeLessThan(20_000)
})
