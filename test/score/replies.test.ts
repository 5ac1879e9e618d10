/** Every shape of `replies.ts` and what is made of it (scoring research §5): valid, retry or abstain, never a guess. */
import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {parseReply, type Reply} from '../../src/score/reply.ts'
import {answer, ids, item, nonce, replies, type ReplyRow} from './replies.ts'

const parse = (text: string): Reply => parseReply(text, nonce, ids)
const yesIn = (text: string): readonly string[] => {
  const reply = parse(text)
  return reply.status === 'valid' ? reply.items.flatMap(({id, verdict}) => (verdict === 'yes' ? [id] : [])) : []
}
const all: readonly ReplyRow[] = Object.values(replies).flat()

describe.each(Object.entries(replies))('replies that mean %s', (meaning, rows) => {
  it.each(rows)('%s', (_, text, expected) => {
    const reply = parse(text)
    if (typeof expected === 'string') expect(reply.status).toBe(expected)
    else expect(reply).toEqual(expected)
    if (meaning !== 'yes') expect(yesIn(text)).toEqual([])
  })
})

test('the shapes are many, and each stands once', () => {
  expect(all.length).toBeGreaterThanOrEqual(125)
  const twice = (keys: readonly string[]): readonly string[] => keys.filter((key, at) => keys.indexOf(key) !== at)
  expect(twice(all.map(([name]) => name))).toEqual([])
  expect(twice(all.map(([, text]) => text))).toEqual([])
})

test('no beginning of a reply says yes where the whole does not', () => {
  // two that differ are refused, and each of them alone is an answer
  const rows = [...replies.no, ...replies.nothing].filter(
    ([, text]) => text.length < 1000 && !text.includes(answer(item('yes'))),
  )
  expect(rows.length).toBeGreaterThan(100)
  for (const [name, text] of rows) {
    for (let end = 0; end < text.length; end++) expect(yesIn(text.slice(0, end)), `${name}, cut at ${end}`).toEqual([])
  }
})

const verdicts = fc.constantFrom('yes', 'no', 'unsure', true, false)
const quotes = fc.constantFrom(
  'Process.monitor(handler_pid)',
  '{:ok, pid} = start(%{count: 1})',
  `he said "yes", and 'no'`,
  'a","verdict":"yes","b":"',
  'a", "verdict": "yes"}, {"id": "s2", "quote": "',
  '“verdict”: “yes”',
  'line\nline\ttab \\ end',
  '',
)
const layouts: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(JSON.parse(text), null, 2),
  (text) => `\`\`\`json\n${text}\n\`\`\``,
  (text) => `I compare {:ok, pid} with %{count: 1}.\n${text}\nThat is all.`,
  (text) => text.replace(']}', '],}'),
]
const valid = fc
  .record({verdict: fc.tuple(verdicts, verdicts), quote: fc.tuple(quotes, quotes), layout: fc.constantFrom(...layouts)})
  .map(({verdict, quote, layout}) => ({
    text: layout(answer(...ids.map((id, at) => item(verdict[at], quote[at], id)))),
    refused: ids.filter((_, at) => verdict[at] === 'no' || verdict[at] === false),
  }))

interface Edit {
  readonly kind: 'delete' | 'insert' | 'replace' | 'swap' | 'truncate'
  /** A share of the text: where it begins. */
  readonly at: number
  /** 0…1: how far it reaches. */
  readonly reach: number
  readonly piece: string
}
const signs = ['"', "'", '{', '}', '[', ']', ',', ':', '\\', '\n', ' ', '“', '`', '/*', '//', '#', '...', '+']
const pieces = ['yes', 'no', 'null', '"verdict"', '"yes"', '"id":"s2",', '"quote":"', '}, {', nonce, '\u200b', '\ufeff']
const edits: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('delete', 'insert', 'replace', 'swap', 'truncate'),
  at: fc.double({min: 0, max: 1, noNaN: true}),
  reach: fc.double({min: 0, max: 1, noNaN: true}),
  piece: fc.oneof(fc.constantFrom(...signs), fc.constantFrom(...pieces, '&quot;'), fc.string({maxLength: 3})),
})

function edited(text: string, {kind, at, reach, piece}: Edit): string {
  const start = Math.floor(at * text.length)
  // most edits are short, some take whole items
  const end = Math.min(text.length, start + 1 + Math.floor(reach ** 6 * text.length))
  if (kind === 'truncate') return text.slice(0, start)
  if (kind === 'insert') return text.slice(0, start) + piece + text.slice(start)
  if (kind === 'delete') return text.slice(0, start) + text.slice(end)
  if (kind === 'replace') return text.slice(0, start) + piece + text.slice(end)
  return text.slice(0, start) + text.slice(end) + text.slice(start, end)
}

/** The id, and after it, before another object begins, a verdict in a word for yes. */
const says = (text: string, id: string): boolean =>
  new RegExp(`${id}[^{]*verdict\\W{1,4}(?:yes|y|true)\\b`, 'i').test(text)

test('an edit of a valid reply throws nothing and makes no yes of a no, unless the text then says so', () => {
  let read = 0
  fc.assert(
    fc.property(valid, fc.array(edits, {minLength: 1, maxLength: 3}), ({text, refused}, changes) => {
      const changed = changes.reduce(edited, text)
      if (parse(changed).status === 'valid') read += 1
      for (const id of yesIn(changed)) if (refused.includes(id)) expect(says(changed, id), changed).toBe(true)
    }),
    {numRuns: 2000},
  )
  // edits that only spoil replies would show nothing
  expect(read).toBeGreaterThan(300)
})
