/** The adapter with its real toolkits, in a process of its own as the runner starts it: they read the environment when they load. */
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {build} from 'esbuild'
import * as fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {fitting, formsOf, isRunner, scalarOf} from '../../src/adapters/runner.ts'
import {Failure} from '../../src/errors.ts'
import {comment} from '../fixtures/events.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runner-'))
  const script = `
    import {runner} from './src/adapters/runner.ts'
    import {markdown, plain, text} from './src/trust.ts'
    const work = async () => {
      const it = await runner()
      const {event, repository, sha, serverUrl, apiUrl, workspace, runUrl} = it
      it.mask(process.env.SECRET ?? '')
      it.say(plain('said\\n::error::not a command\\n##[group]nor this'))
      it.warn(plain('warned\\n::error::x'))
      it.output('score', 8.4)
      it.output('score-low', null)
      it.output('comment-url', 'https://github.com/acme/shop/pull/7#issuecomment-1')
      const recalled = [it.recalled('left'), it.recalled('nothing')]
      it.remember('left', '{"sha": "abc"}\\n::error::x')
      await it.summarize(markdown\`# Plan \${text('of ' + (process.env.SECRET ?? ''))}\`)
      const inputs = it.inputs(['anthropic-api-key', 'goal', 'gate'])
      return {event, repository, sha, serverUrl, apiUrl, workspace, runUrl, inputs, recalled}
    }
    work().then(
      (value) => process.stderr.write(JSON.stringify(value)),
      (error) => process.stderr.write(JSON.stringify({code: error.code, message: error.message, hint: error.hint})),
    )`
  await build({
    stdin: {contents: script, resolveDir: join(import.meta.dirname, '../..'), loader: 'ts'},
    outfile: join(folder, 'script.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
  })
})
afterAll(() => rmSync(folder, {recursive: true, force: true}))

const ghs = 'ghs_0123456789'

function start(more: Readonly<Record<string, string>> = {}, payload: string = JSON.stringify(comment())) {
  const files = {
    event: join(folder, 'event.json'),
    output: join(folder, 'output'),
    summary: join(folder, 'summary'),
    state: join(folder, 'state'),
  }
  writeFileSync(files.event, payload)
  writeFileSync(files.output, '')
  writeFileSync(files.state, '')
  writeFileSync(files.summary, 'of an earlier step\n')
  const {stdout, stderr, status} = spawnSync(process.execPath, [join(folder, 'script.cjs')], {
    env: {
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'issue_comment',
      GITHUB_EVENT_PATH: files.event,
      GITHUB_OUTPUT: files.output,
      GITHUB_STATE: files.state,
      GITHUB_STEP_SUMMARY: files.summary,
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_SHA: 'a'.repeat(40),
      GITHUB_RUN_ID: '42',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_API_URL: 'https://github.example/api/v3',
      GITHUB_WORKSPACE: folder,
      'INPUT_ANTHROPIC-API-KEY': '  key  ',
      INPUT_GATE: '',
      SECRET: ghs,
      ...more,
    },
    encoding: 'utf8',
  })
  return {
    status,
    log: stdout,
    value: JSON.parse(stderr) as unknown,
    output: readFileSync(files.output, 'utf8'),
    summary: readFileSync(files.summary, 'utf8'),
    state: readFileSync(files.state, 'utf8'),
  }
}

describe('in a runner', () => {
  test('is read what it says and written what it wants', () => {
    const {value, log, output, summary, status} = start()
    expect(value).toEqual({
      event: {name: 'issue_comment', payload: comment()},
      repository: 'acme/shop',
      sha: 'a'.repeat(40),
      serverUrl: 'https://github.example',
      apiUrl: 'https://github.example/api/v3',
      workspace: folder,
      runUrl: 'https://github.example/acme/shop/actions/runs/42/attempts/2',
      inputs: {'anthropic-api-key': 'key', goal: '', gate: ''},
      recalled: ['', ''],
    })
    expect(status).toBe(0)
    // the runner hides nothing there
    expect(summary).toBe('# Plan of ***')
    expect(output).toMatch(
      /^score<<(\S+)\n8\.4\n\1\nscore-low<<(\S+)\n\n\2\ncomment-url<<(\S+)\nhttps:.*#issuecomment-1\n\3\n$/,
    )
    // all commands in the log are ours
    const lines = log.split('\n')
    const commands = lines.filter((line) => line.trimStart().startsWith('::') || line.includes('##['))
    expect(commands.filter((line) => !line.startsWith('::add-mask::'))).toEqual(['::warning::warned%0A: :error::x'])
    expect(lines).toContain(': :error::not a command')
    // what git sends
    expect(lines).toContain(`::add-mask::${Buffer.from(`x-access-token:${ghs}`).toString('base64')}`)
    // nothing before the masks may show the secret, and only masks do
    expect(lines.filter((line) => line.includes(ghs))).toEqual([`::add-mask::${ghs}`])
  })
  test('is remembered what the post step is to know', () => {
    const {state, log} = start()
    expect(state).toMatch(/^left<<(\S+)\n\{"sha": "abc"\}\n::error::x\n\1\n$/)
    expect(log).not.toContain('abc')
    // the runner hands it on in a variable
    expect(start({STATE_left: '{"sha": "abc"}'}).value).toMatchObject({recalled: ['{"sha": "abc"}', '']})
  })
  test('a summary that cannot be written fails nothing', () => {
    const {value, log} = start({GITHUB_STEP_SUMMARY: join(folder, 'not', 'there')})
    expect(value).toMatchObject({repository: 'acme/shop'})
    expect(log).toContain('::warning::the job summary could not be written')
  })
  test.each([
    ['GITHUB_REPOSITORY', '', 'GITHUB_REPOSITORY is not set'],
    ['GITHUB_REPOSITORY', 'acme/shop/../x', 'GITHUB_REPOSITORY is not what a runner sets'],
    ['GITHUB_WORKSPACE', '', 'GITHUB_WORKSPACE is not set'],
  ])('without a sound %s=%s there is none', (name, value, message) => {
    expect(start({[name]: value}).value).toMatchObject({code: 'bad-runner', message})
  })
  test('an event that is not JSON is told as such', () => {
    expect(start({}, '{"action": ').value).toMatchObject({
      code: 'bad-runner',
      message: expect.stringContaining('GITHUB_EVENT_PATH'),
    })
  })
})

test('elsewhere it is none', () => {
  expect(isRunner({GITHUB_ACTIONS: 'true'})).toBe(true)
  expect(isRunner({})).toBe(false)
})

describe('an output', () => {
  test.each([
    8.4,
    0,
    true,
    null,
    '',
    'pass',
    'a'.repeat(40),
    'evolved_pipelines/plan_x.yaml',
    'https://a.b/c#d-1',
    '+1@x:2',
  ])('%j is a scalar', (value) => {
    expect(scalarOf('score', value)).toBe(value === null ? '' : String(value))
  })
  test.each([
    '$(id)',
    '`id`',
    'a b',
    'a;b',
    'a\nb',
    'a\n',
    "a'",
    'a"',
    'a&b',
    'a|b',
    '<a>',
    '#a',
    'a\\b',
    '${x}',
    'é',
    '*',
    '!x',
    '~',
    'a=b',
  ])('%j is none', (value) => {
    expect(() => scalarOf('score', value)).toThrow(Failure)
  })
})

describe('a secret', () => {
  test('hides in every form', () => {
    expect(formsOf('a/b c=\n')).toEqual(
      expect.arrayContaining(['a/b c=', 'YS9iIGM9', 'YS9iIGM9Cg==', 'a%2Fb%20c%3D', 'eC1hY2Nlc3MtdG9rZW46YS9iIGM9']),
    )
  })
  test('of many lines hides line by line, but not every `}`', () => {
    const forms = formsOf('-----BEGIN KEY-----\nabcdefgh\r\n}\nxy\n')
    expect(forms).toEqual(expect.arrayContaining(['-----BEGIN KEY-----', 'abcdefgh']))
    expect(forms.some((form) => form.length < 6)).toBe(false)
  })
  test('that is empty hides nothing', () => {
    expect(['', ' ', '\n'].flatMap(formsOf)).toEqual([])
  })
})

describe('a summary', () => {
  test('that fits is not touched', () => {
    fc.assert(fc.property(fc.string({unit: 'grapheme'}), (text) => fitting(text) === text))
  })
  test('that does not is cut at a line, and says so', () => {
    const cut = fitting('äöü\n'.repeat(400_000))
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024 * 1024)
    expect(Buffer.byteLength(cut)).toBeGreaterThan(1024 * 1024 - 40)
    expect(cut).toMatch(/^(äöü\n)+äöü\n\n_The rest did not fit\._\n$/)
  })
  test('is never above its limit', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme', maxLength: 400}), (text) => {
        expect(Buffer.byteLength(fitting(text, 100))).toBeLessThanOrEqual(100)
        // half a character would become one; a text may hold it by itself
        if (!text.includes('\ufffd')) expect(fitting(text, 100)).not.toContain('\ufffd')
      }),
    )
  })
})
