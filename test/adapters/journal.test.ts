/** The log of a search as a file: what is there already, and who else is at it. */
import {appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it, test} from 'vitest'
import {openJournal} from '../../src/adapters/journal.ts'
import {renderEvent, type Event} from '../../src/optimize/events.ts'

const work = mkdtempSync(join(tmpdir(), 'refactor-plan-journal-'))
afterAll(() => rmSync(work, {recursive: true, force: true}))
const at = (name: string): string => join(work, name)

const start: Event = {kind: 'start', id: 'start', schema: 1, about: 'one', secret: 's'}
const said = (id: string, text = 'ü'): Event => ({
  kind: 'reflected',
  id,
  text,
  cost: {calls: 1, tokens: 2, usd: null},
})
const line = renderEvent(start)

test.each<[string, string | Buffer, string, readonly string[]]>([
  ['nothing', '', '', []],
  ['whole lines', line + renderEvent(said('a')), line + renderEvent(said('a')), ['start', 'a']],
  ['a last line without its end', line.trimEnd(), line, ['start']],
  ['a last line that was cut', line + renderEvent(said('a')).slice(0, 30), line, ['start']],
  [
    'a last line that was cut within a character',
    Buffer.from(line + renderEvent(said('a'))).subarray(0, line.length + 38),
    line,
    ['start'],
  ],
])('goes on behind %s', (name, before, after, ids) => {
  const path = at(`${name}.jsonl`)
  writeFileSync(path, before)
  const {events, append} = openJournal(path)
  expect(events.map(({id}) => id)).toEqual(ids)
  expect(readFileSync(path, 'utf8')).toBe(after)
  append(said('b'))
  append(said('c'))
  expect(readFileSync(path, 'utf8')).toBe(after + renderEvent(said('b')) + renderEvent(said('c')))
})

test('makes the folders on the way', () => {
  openJournal(at('deep/down/new.jsonl')).append(start)
  expect(readFileSync(at('deep/down/new.jsonl'), 'utf8')).toBe(line)
})

describe('what is no log', () => {
  it.each([
    ['one line of another format', '{"precious":"data"}'],
    ['one line of words', 'dear diary'],
    ['several lines', 'dear\ndiary'],
    ['a log with a stranger behind it', `${line}dear diary`],
  ])('stays as it is: %s', (name, text) => {
    const path = at(`${name}.txt`)
    writeFileSync(path, text)
    expect(() => openJournal(path)).toThrow(expect.objectContaining({code: 'bad-log'}))
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
  it('is told of, when it is a folder', () => {
    mkdirSync(at('folder.jsonl'))
    expect(() => openJournal(at('folder.jsonl'))).toThrow(expect.objectContaining({code: 'bad-log', exit: 2}))
  })
  it('is told of, when a file stands where its folder should be', () => {
    writeFileSync(at('file'), line)
    expect(() => openJournal(at('file/new.jsonl'))).toThrow(expect.objectContaining({code: 'cannot-write', exit: 2}))
  })
})

test.each<[string, (path: string) => void]>([
  ['writes into it too', (path) => openJournal(path).append(said('a'))],
  ['takes it away', (path) => rmSync(path)],
  ['adds a line by hand', (path) => appendFileSync(path, '\n')],
])('who %s ends the search, and loses nothing of it', (name, meanwhile) => {
  const path = at(`${name}.jsonl`)
  const {append} = openJournal(path)
  append(start)
  meanwhile(path)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  expect(() => append(said('b'))).toThrow(expect.objectContaining({code: 'log-in-use', exit: 2}))
  expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(before)
})
