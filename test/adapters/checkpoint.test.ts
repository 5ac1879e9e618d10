/** Where a run had come: what is in the folder, and when. */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {discardCheckpoint, openCheckpoint} from '../../src/adapters/checkpoint.ts'
import {Failure} from '../../src/errors.ts'
import type {Saved} from '../../src/pipeline/execute.ts'

const key = 'a'.repeat(64)
const start = {nonce: 'n0nce-0123456789', began: 5}
const folderOf = (): string => join(mkdtempSync(join(tmpdir(), 'checkpoint-')), 'a', 'checkpoints')
const answer = JSON.stringify({schema: 1, text: 'x'})
const saved: Saved = {
  done: [{text: 't', data: {k: [1, null, 'ü']}, ok: true, facts: {model: 'm'}}],
  results: [['a', {text: 't', data: null, ok: false}]],
  state: [
    ['v', {value: {x: 1}, vouched: false}],
    ['w', {value: null, vouched: true}],
  ],
  sessions: {
    s: [
      {role: 'user', text: 'q', results: [{id: '1', name: 'read', text: 'x', isError: false}]},
      {role: 'assistant', text: '', calls: [{id: '1', name: 'read', input: {path: 'x'}}]},
    ],
  },
  kept: ['s'],
  last: 'in a loop',
}
const listed = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : [])
const codeOf = (act: () => unknown): string | null => {
  try {
    act()
    return null
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code
    throw thrown
  }
}

describe('with checkpoints', () => {
  test('all of it is there for the next start, also for one that was killed', async () => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, true)
    expect(first.before).toBeNull()
    first.begin(start)
    expect(openCheckpoint(folder, 'p', key, true).before).toMatchObject({start, saved: null})
    first.save(saved)
    await first.answers.set('q', answer)
    const second = openCheckpoint(folder, 'p', key, true)
    expect(second.before).toMatchObject({start, saved})
    expect(await second.answers.get('q')).toBe(answer)
    expect(listed(folder)).toEqual([`p_${key.slice(0, 12)}.json`, `p_${key.slice(0, 12)}.jsonl`])
  })
  test('answers of a step that ended are gone: they are its result', async () => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, true)
    first.begin(start)
    await first.answers.set('q', answer)
    first.save(saved)
    expect(await first.answers.get('q')).toBeNull()
    expect(await openCheckpoint(folder, 'p', key, true).answers.get('q')).toBeNull()
  })
  test('a run that ends well leaves nothing', async () => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, true)
    first.begin(start)
    await first.answers.set('q', answer)
    first.save(saved)
    await first.answers.set('r', answer)
    first.finish()
    expect(existsSync(folder)).toBe(false)
  })
  test('what else is in the folder stays', () => {
    const folder = folderOf()
    mkdirSync(folder, {recursive: true})
    writeFileSync(join(folder, 'mine'), '')
    const first = openCheckpoint(folder, 'p', key, true)
    first.begin(start)
    first.finish()
    expect(listed(folder)).toEqual(['mine'])
  })
})

describe('without', () => {
  test('nothing is written before it is left', async () => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, false)
    first.begin(start)
    await first.answers.set('q', answer)
    first.save(saved)
    await first.answers.set('r', answer)
    expect(await first.answers.get('r')).toBe(answer)
    expect(existsSync(folder)).toBe(false)
    expect(first.leave()).toBe(join(folder, `p_${key.slice(0, 12)}.json`))
    const second = openCheckpoint(folder, 'p', key, false)
    expect(second.before).toMatchObject({start, saved})
    expect([await second.answers.get('q'), await second.answers.get('r')]).toEqual([null, answer])
  })
  test('nothing is left when nothing was paid for', () => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, false)
    first.begin(start)
    expect(first.leave()).toBeNull()
    expect(existsSync(folder)).toBe(false)
  })
  test('a run that ends well leaves nothing, also when an earlier one did', async () => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, false)
    first.begin(start)
    await first.answers.set('q', answer)
    first.leave()
    const second = openCheckpoint(folder, 'p', key, false)
    second.save(saved)
    expect(openCheckpoint(folder, 'p', key, false).before?.saved).toEqual(saved)
    second.finish()
    expect(listed(folder)).toEqual([])
  })
})

describe('discarded', () => {
  test.each([
    ['as it was left', null],
    ['spoiled', '{'],
  ])('%s: the next run begins anew', async (_, text) => {
    const folder = folderOf()
    const first = openCheckpoint(folder, 'p', key, true)
    first.begin(start)
    first.save(saved)
    await first.answers.set('q', answer)
    if (text !== null) for (const name of listed(folder)) writeFileSync(join(folder, name), text)
    discardCheckpoint(folder, 'p', key)
    expect(listed(folder)).toEqual([])
    const second = openCheckpoint(folder, 'p', key, true)
    expect(second.before).toBeNull()
    expect(await second.answers.get('q')).toBeNull()
  })
  test.each([
    ['another pipeline', 'o', key],
    ['another run', 'p', 'b'.repeat(64)],
  ])('%s stays', (_, name, other) => {
    const folder = folderOf()
    openCheckpoint(folder, name, other, true).begin(start)
    discardCheckpoint(folder, 'p', key)
    expect(openCheckpoint(folder, name, other, true).before).toMatchObject({start})
  })
  test('where there is nothing', () => {
    const folder = folderOf()
    discardCheckpoint(folder, 'p', key)
    expect(existsSync(folder)).toBe(false)
  })
})

test('another key is another run', () => {
  const folder = folderOf()
  openCheckpoint(folder, 'p', key, true).begin(start)
  expect(openCheckpoint(folder, 'p', 'b'.repeat(64), true).before).toBeNull()
  // a file of the same name all the same
  expect(openCheckpoint(folder, 'p', key.slice(0, 12) + 'b'.repeat(52), true).before).toBeNull()
})

test.each([
  ['plain', 'plain'],
  ['a b/../c', 'a-b-c'],
  ['../../etc', '-etc'],
  ['ü', '-'],
  ['', 'pipeline'],
  ['x'.repeat(200), 'x'.repeat(60)],
])('of a pipeline called %j', (name, file) => {
  const folder = folderOf()
  openCheckpoint(folder, name, key, true).begin(start)
  expect(listed(folder)).toEqual([`${file}_${key.slice(0, 12)}.json`])
})

const whole = {schema: 1, key, start, saved: null}
test.each([
  ['no JSON', '{'],
  ['nothing', ''],
  ['another form', '[]'],
  ['another version', JSON.stringify({...whole, schema: 2})],
  ['no start', JSON.stringify({...whole, start: {nonce: 1}})],
  ['a result that is none', JSON.stringify({...whole, saved: {...saved, done: [{text: 1}]}})],
  ['a message of nobody', JSON.stringify({...whole, saved: {...saved, sessions: {s: [{role: 'system', text: ''}]}}})],
])('%s is told, and stays to be looked at', (_, text) => {
  const folder = folderOf()
  mkdirSync(folder, {recursive: true})
  const file = join(folder, `p_${key.slice(0, 12)}.json`)
  writeFileSync(file, text)
  expect(codeOf(() => openCheckpoint(folder, 'p', key, true))).toBe('bad-checkpoint')
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('a half line of answers is dropped, and any other one that cannot be read is told', async () => {
  const folder = folderOf()
  const first = openCheckpoint(folder, 'p', key, true)
  first.begin(start)
  await first.answers.set('q', answer)
  const file = join(folder, `p_${key.slice(0, 12)}.jsonl`)
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"key": "r", "reco`)
  expect(await openCheckpoint(folder, 'p', key, true).answers.get('q')).toBe(answer)
  writeFileSync(file, `no\n${readFileSync(file, 'utf8')}`)
  expect(codeOf(() => openCheckpoint(folder, 'p', key, true))).toBe('bad-recording')
})
