/** Recordings in a file, with files and processes as they are. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {build} from 'esbuild'
import * as fc from 'fast-check'
import {afterAll, describe, expect, test} from 'vitest'
import {openCassette} from '../../src/adapters/cassette.ts'
import {Failure} from '../../src/errors.ts'
import {digestOf} from '../../src/adapters/models.ts'
import {noUsage, type Provider} from '../../src/provider.ts'
import {remembered} from '../../src/recordings.ts'
import {failureOf, replyOf, request} from '../provider.ts'

const folder = mkdtempSync(join(tmpdir(), 'cassette-'))
afterAll(() => rmSync(folder, {recursive: true, force: true}))
let files = 0
const fresh = (text?: string | Buffer): string => {
  const path = join(folder, `${++files}.jsonl`)
  if (text !== undefined) writeFileSync(path, text)
  return path
}

const failureIn = (act: () => unknown): Failure => {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

const counting = (): Provider => {
  let asked = 0
  return async () => replyOf(`answer ${++asked}\n\u2028 größer 🦀`)
}
const playing = (path: string, mode: 'record' | 'replay', ask: Provider | null): Provider =>
  remembered(ask, {...openCassette(path, mode), digest: digestOf})
const line = (key: string, recording: unknown = {a: 1}): string => `${JSON.stringify({key, recording})}\n`

describe('a run', () => {
  test('that was recorded is played again, word for word', async () => {
    const path = join(folder, 'deep', 'er', 'run.jsonl')
    const record = playing(path, 'record', counting())
    const answers = [await record(request), await record(request), await record({...request, maxTokens: 7})]
    const replay = playing(path, 'replay', null)
    expect([await replay(request), await replay(request), await replay({...request, maxTokens: 7})]).toEqual(answers)
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4)
    expect(await failureOf(replay({...request, maxTokens: 8}))).toMatchObject({code: 'not-recorded', exit: 2})
  })

  test('that goes on pays for nothing twice', async () => {
    const path = fresh()
    const first = await playing(path, 'record', counting())(request)
    const again = playing(path, 'record', async () => expect.unreachable())
    expect(await again(request)).toEqual({...first, usage: noUsage})
  })

  test('that asks nothing leaves no file', () => {
    const path = fresh()
    openCassette(path, 'record')
    expect(existsSync(path)).toBe(false)
  })

  test('that is played writes nothing', async () => {
    const path = fresh(line('a'))
    const {set} = openCassette(path, 'replay')
    expect((await failureOf(set('b', '{}'))).code).toBe('cannot-write')
    expect(readFileSync(path, 'utf8')).toBe(line('a'))
  })

  test('many at a time: every line is whole', async () => {
    const path = fresh()
    const {set} = openCassette(path, 'record')
    const text = JSON.stringify({text: 'x'.repeat(100_000)})
    await Promise.all(Array.from({length: 50}, (_, index) => set(String(index), text)))
    const {get} = openCassette(path, 'replay')
    for (let index = 0; index < 50; index++) expect(await get(String(index))).toBe(text)
  })
})

describe('a file', () => {
  test.each([
    ['is not there', undefined, 'not-recorded', /there is no recording .*\.jsonl/],
    ['has a line that is no JSON', `${line('a')}{"key": \n${line('b')}`, 'bad-recording', /\.jsonl:2 /],
    ['has a line that is something else', `${line('a')}\n{"no": 1}\n`, 'bad-recording', /\.jsonl:3 /],
    ['has a key that is none', '{"key": "", "recording": 1}\n', 'bad-recording', /\.jsonl:1 /],
    ['is cut', `${line('a')}{"key": "b", "rec`, 'bad-recording', /\.jsonl:2 /],
    ['is not of text', Buffer.from([0xff, 0xfe, 0x0a]), 'bad-recording', /\.jsonl:1 /],
  ])('that %s cannot be played', (_, text, code, says) => {
    const path = fresh(text)
    expect(failureIn(() => openCassette(path, 'replay'))).toMatchObject({
      code,
      exit: 2,
      message: expect.stringMatching(says),
      hint: expect.any(String),
    })
  })

  test('that is a folder cannot be played', () => {
    expect(failureIn(() => openCassette(folder, 'replay')).code).toBe('bad-recording')
  })

  test('with a line in its middle that cannot be read is not gone on with, and stays as it is', () => {
    const text = `${line('a')}half\n${line('b')}`
    const path = fresh(text)
    expect(failureIn(() => openCassette(path, 'record'))).toMatchObject({code: 'bad-recording'})
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('what was recorded anew is what counts', async () => {
    const {get} = openCassette(fresh(line('a', 1) + line('a', 2)), 'replay')
    expect(await get('a')).toBe('2')
  })

  test.each([
    ['nothing', '', ''],
    ['blank lines', `\n${line('a')}\n`, `\n${line('a')}\n`],
    ['a whole line without its end', line('a').trimEnd(), line('a')],
    ['half a line', `${line('a')}{"key": "b", "recording": "gr`, line('a')],
    ['only half a line', '{"key', ''],
    ['half a character', Buffer.concat([Buffer.from(line('a')), Buffer.from('{"key": "ü').subarray(0, 10)]), line('a')],
  ])('with %s at its end is gone on with', async (_, text, kept) => {
    const path = fresh(text)
    const {set} = openCassette(path, 'record')
    expect(readFileSync(path, 'utf8')).toBe(kept)
    await set('z', '{"z":1}')
    expect(readFileSync(path, 'utf8')).toBe(kept + line('z', {z: 1}))
  })

  test('cut anywhere gives back every line that was whole, and can be gone on with', async () => {
    const entries = fc.array(fc.record({key: fc.string({minLength: 1, unit: 'binary'}), recording: fc.json()}), {
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), async (given, at) => {
        const path = fresh()
        const {set} = openCassette(path, 'record')
        const ends: number[] = []
        for (const {key, recording} of given) {
          await set(key, recording)
          ends.push(readFileSync(path).length)
        }
        const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
        const cut = at % (bytes.length + 1)
        writeFileSync(path, bytes.subarray(0, cut))
        const {get} = openCassette(path, 'record')
        // a line that lacks no more than its end is whole
        const whole = given.filter((_, index) => (ends[index] ?? 0) - 1 <= cut)
        for (const {key} of whole) {
          const last = whole.findLast((each) => each.key === key)
          expect(await get(key)).toBe(JSON.stringify(JSON.parse(last?.recording ?? '')))
        }
        const replay = openCassette(path, 'replay')
        for (const {key} of whole) expect(await replay.get(key)).toBe(await get(key))
      }),
      {numRuns: 60},
    )
  })

  // root may write anywhere
  test.skipIf(process.getuid?.() === 0)('that must not be written says so', async () => {
    const path = fresh(line('a'))
    chmodSync(path, 0o444)
    const {set} = openCassette(path, 'record')
    expect((await failureOf(set('b', '{}'))).code).toBe('cannot-write')
  })

  test('whose folder cannot be made says so', async () => {
    const place = fresh()
    const {set} = openCassette(join(place, 'x.jsonl'), 'record')
    writeFileSync(place, 'no folder')
    expect((await failureOf(set('b', '{}'))).code).toBe('cannot-write')
    expect(failureIn(() => openCassette(join(place, 'x.jsonl'), 'record')).code).toBe('bad-recording')
  })
})

test('a process that is killed while it writes leaves a file to go on with', async () => {
  const path = fresh()
  const program = join(folder, 'writer.mjs')
  const cassette = new URL('../../src/adapters/cassette.ts', import.meta.url).pathname
  const contents = `
    import {openCassette} from ${JSON.stringify(cassette)}
    const {set} = openCassette(${JSON.stringify(path)}, 'record')
    console.log('ready')
    for (let index = 0; ; index++) await set(String(index), JSON.stringify({text: 'x'.repeat(200_000)}))
  `
  await build({stdin: {contents, resolveDir: folder}, bundle: true, platform: 'node', format: 'esm', outfile: program})
  const child = spawn(process.execPath, [program], {stdio: ['ignore', 'pipe', 'inherit']})
  await once(child.stdout, 'data')
  await new Promise((resolve) => setTimeout(resolve, 200))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const {get, set} = openCassette(path, 'record')
  expect(await get('0')).toBe(JSON.stringify({text: 'x'.repeat(200_000)}))
  await set('last', '1')
  expect(await openCassette(path, 'replay').get('last')).toBe('1')
})
