import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {objectsIn, parseReply, type Answer, type Reply} from '../../src/score/reply.ts'

const nonce = 'f00dfeedf00dfeed'
const ids = ['m1', 's2']
const parse = (text: string): Reply => parseReply(text, nonce, ids)
const item = (verdict: unknown, quote: unknown = 'Process.monitor(handler_pid)', id: unknown = 'm1'): object => ({
  id,
  quote,
  verdict,
})
const answer = (...items: readonly object[]): string => JSON.stringify({nonce, items})
const no = answer(item('no'))
const yes = answer(item('yes'))
const said = (verdict: Answer['verdict'], id = 'm1', quote = 'Process.monitor(handler_pid)'): Answer => ({
  id,
  verdict,
  quote,
})
const valid = (...items: readonly Answer[]): Reply => ({status: 'valid', items})
/** Read, and nothing in it counts as an answer. */
const silent = valid()

type Expected = Reply | 'retry' | 'abstain'
const check = (text: string, expected: Expected): void => {
  const reply = parse(text)
  if (typeof expected === 'string') expect(reply.status).toBe(expected)
  else expect(reply).toEqual(expected)
}

describe('replies that mean FAIL and that others passed', () => {
  /** A judge that says no in the worst of forms: never may a `yes` come of it. */
  const rows: readonly (readonly [string, string, Expected])[] = [
    ['clean', no, valid(said('no'))],
    ['an object around the object', JSON.stringify({result: JSON.parse(no)}), valid(said('no'))],
    [
      'a brace inside the reason',
      JSON.stringify({nonce, items: [{...item('no'), reason: 'it ends early } here'}]}),
      valid(said('no')),
    ],
    [
      'smart quotes',
      `{“nonce”: “${nonce}”, “items”: [{“id”: “m1”, “verdict”: “no”, “quote”: “handler_pid”}]}`,
      valid(said('no', 'm1', 'handler_pid')),
    ],
    [
      'an earlier verdict in its thoughts',
      `<think>{"items": [{"id": "m1", "verdict": "yes", "quote": "handler_pid"}]}</think>${no}`,
      valid(said('no')),
    ],
    [
      'the submission repeated before the verdict',
      `{"score": 10, "pass": true, "verdict": "yes"}\n${no}`,
      valid(said('no')),
    ],
    ['a JavaScript object before the verdict', `The code says {a: 1}. ${no}`, valid(said('no'))],
    ['an Elixir tuple before the verdict', `It returns {:ok, pid}. ${no}`, valid(said('no'))],
    ['an Elixir map before the verdict', `It returns %{count: 1}. ${no}`, valid(said('no'))],
    ['a bare verdict', '{"verdict": "FAIL"}', 'abstain'],
    ['a score as a fraction', '{"score": "1/10", "reason": "bad"}', 'abstain'],
    ['an error object', '{"error": "I cannot judge this"}', 'abstain'],
    ['a key that is cut off', no.slice(0, no.indexOf('"verdict"') + 5), 'retry'],
    ['NaN', `{"nonce": "${nonce}", "items": [{"id": "m1", "verdict": NaN, "quote": "handler_pid"}]}`, silent],
    [
      'a fraction and a no',
      JSON.stringify({nonce, score: '1/10', pass: false, items: [item('no')]}),
      valid(said('no')),
    ],
  ]
  test.each(rows)('%s', (_, text, expected) => {
    check(text, expected)
    const reply = parse(text)
    expect(reply.status === 'valid' && reply.items.some(({verdict}) => verdict === 'yes')).toBe(false)
  })
})

describe('the policy', () => {
  const rows: readonly (readonly [string, string, Expected])[] = [
    // the shape around the object
    ['a fence', `\`\`\`json\n${yes}\n\`\`\``, valid(said('yes'))],
    ['a fence without a language', `\`\`\`\n${yes}\n\`\`\``, valid(said('yes'))],
    ['prose before', `Here is my answer:\n${yes}`, valid(said('yes'))],
    ['prose after', `${yes}\nI hope this helps { :-) }`, valid(said('yes'))],
    ['a byte order mark', `\ufeff${yes}`, valid(said('yes'))],
    ['zero width characters between the tokens', yes.replaceAll(',', ',\u200b'), valid(said('yes'))],
    ['an open brace in the prose before', `I see a { in the code. ${yes}`, valid(said('yes'))],
    ['an odd quotation mark in braces before', `It is {5" wide}. ${yes}`, valid(said('yes'))],
    ['pretty printed', JSON.stringify(JSON.parse(yes), null, 2), valid(said('yes'))],
    ['said twice, the same', `${yes}\n${yes}`, valid(said('yes'))],
    ['said twice, differently spaced', `${yes}\n${JSON.stringify(JSON.parse(yes), null, 2)}`, valid(said('yes'))],
    ['said twice, differently', `${yes}\n${no}`, 'retry'],
    ['said twice, the last in a fence', `${no}\n\`\`\`json\n${yes}\n\`\`\``, 'retry'],
    [
      'the questions repeated first',
      `${JSON.stringify({nonce, items: [{id: 'm1', kind: 'match', first: 'a', second: 'b'}]})}\n${yes}`,
      valid(said('yes')),
    ],
    [
      'only the questions',
      JSON.stringify({nonce, items: [{id: 'm1', kind: 'match', first: 'a', second: 'b'}]}),
      'retry',
    ],
    ['two objects around it', JSON.stringify({a: {b: JSON.parse(yes)}}), 'retry'],
    ['an object around it with more in it', JSON.stringify({a: JSON.parse(yes), b: 1}), 'retry'],
    ['a list around it', `[${yes}]`, valid(said('yes'))],
    // another's words
    ['no nonce', JSON.stringify({items: [item('yes')]}), 'abstain'],
    ['a foreign nonce', JSON.stringify({nonce: '0000000000000000', items: [item('yes')]}), 'abstain'],
    [
      'a foreign nonce, ours in the prose',
      `${nonce} ${JSON.stringify({nonce: '0000000000000000', items: [item('yes')]})}`,
      'retry',
    ],
    [
      'our nonce as a number of another key',
      JSON.stringify({nonce: 'other', note: nonce, items: [item('yes')]}),
      'retry',
    ],
    ['the nonce in capitals', yes.replace(nonce, nonce.toUpperCase()), 'abstain'],
    ['the nonce with a blank', yes.replace(nonce, ` ${nonce}`), 'retry'],
    // repairs
    ['a trailing comma', yes.replace(']}', '],}'), valid(said('yes'))],
    ['single quotes', yes.replaceAll('"', "'"), valid(said('yes'))],
    ['a comment', yes.replace('"items"', '/* mine */ "items"'), valid(said('yes'))],
    [
      'a raw line break inside a string',
      answer(item('yes', 'A')).replace('"A"', '"Process.monitor(handler_pid)\n{:ok, pid}"'),
      valid(said('yes', 'm1', 'Process.monitor(handler_pid)\n{:ok, pid}')),
    ],
    [
      'bare keys',
      `{nonce: "${nonce}", items: [{id: "m1", verdict: "yes", quote: "handler_pid"}]}`,
      valid(said('yes', 'm1', 'handler_pid')),
    ],
    // cut off
    ['cut in the middle of a string', yes.slice(0, -20), 'retry'],
    ['cut after an item', yes.slice(0, -2), 'retry'],
    ['cut before the last brace', yes.slice(0, -1), 'retry'],
    [
      'cut after the first of two items',
      answer(item('yes'), item('no', 'A claim about', 's2')).split(',{')[0] ?? '',
      'retry',
    ],
    // items
    ['a missing item', answer(item('yes')), valid(said('yes'))],
    ['an item nobody asked', answer(item('yes'), item('yes', 'Process.monitor', 'm9')), valid(said('yes'))],
    ['further keys', JSON.stringify({nonce, score: 10, items: [{...item('yes'), sure: true}]}), valid(said('yes'))],
    ['the same item twice', answer(item('yes'), item('yes')), 'retry'],
    ['the same item twice, differently', answer(item('no'), item('yes')), 'retry'],
    ['no items', answer(), silent],
    ['items that are no list', JSON.stringify({nonce, items: {m1: 'yes'}}), 'retry'],
    ['a number as the id', answer(item('yes', 'Process.monitor', 1)), 'retry'],
    // keys twice
    ['the verdict twice', yes.replace('"verdict":"yes"', '"verdict":"no","verdict":"yes"'), 'retry'],
    ['the nonce twice', `{"nonce":"other",${yes.slice(1)}`, 'retry'],
    ['the items twice', `{"items":[],${yes.slice(1)}`, 'retry'],
    ['a key twice, once escaped', yes.replace('"verdict":"yes"', '"verdict":"no","verdic\\u0074":"yes"'), 'retry'],
    [
      'a key twice in single quotes',
      yes.replace('"verdict":"yes"', '"verdict":"no","verdict":"yes"').replaceAll('"', "'"),
      'retry',
    ],
    [
      'a key twice inside a quote is a quote',
      answer(item('no', 'a "verdict": "yes", "verdict": "no"')),
      valid(said('no', 'm1', 'a "verdict": "yes", "verdict": "no"')),
    ],
    // verdicts
    ['true', answer(item(true)), valid(said('yes'))],
    ['false', answer(item(false)), valid(said('no'))],
    ['"true"', answer(item('true')), valid(said('yes'))],
    ['"Y"', answer(item('Y')), valid(said('yes'))],
    ['" No "', answer(item(' No ')), valid(said('no'))],
    ['unsure needs no quote', answer(item('unsure', '')), valid(said('unsure', 'm1', ''))],
    ['null', answer(item(null)), silent],
    ['"n/a"', answer(item('n/a')), silent],
    ['"probably"', answer(item('probably')), silent],
    ['"yes, but"', answer(item('yes, but')), silent],
    ['1', answer(item(1)), silent],
    ['a list', answer(item(['yes'])), silent],
    ['Infinity', `{"nonce": "${nonce}", "items": [{"id": "m1", "verdict": Infinity, "quote": "handler_pid"}]}`, silent],
    ['a number out of range', answer(item(15)), silent],
    // quotes: whether they stand in the item is the sheet's to say
    ['a quote with other spacing', answer(item('yes', '  a   b ')), valid(said('yes', 'm1', '  a   b '))],
    ['an empty quote', answer(item('yes', '')), valid(said('yes', 'm1', ''))],
    ['no quote', JSON.stringify({nonce, items: [{id: 'm1', verdict: 'yes'}]}), valid(said('yes', 'm1', ''))],
    ['null for a quote', answer(item('yes', null)), valid(said('yes', 'm1', ''))],
    ['a list of quotes', answer(item('yes', ['Process.monitor'])), valid(said('yes', 'm1', ''))],
    // nothing to read
    ['empty', '', 'abstain'],
    ['blank', ' \n ', 'abstain'],
    ['a refusal', "I'm sorry, I cannot help with that.", 'abstain'],
    ['YAML', `nonce: ${nonce}\nitems:\n  - id: m1\n    verdict: yes\n`, 'retry'],
    ['plain words', `${nonce}: m1 yes`, 'retry'],
    ['an object in a string', '[object Object]', 'abstain'],
    ['a string', JSON.stringify(yes), 'retry'],
    ['binary', '\u0000\u0001\ufffd', 'abstain'],
    ['too long', `${yes}${' '.repeat(300_000)}`, 'retry'],
  ]
  it.each(rows)('%s', (_, text, expected) => check(text, expected))

  it('a full-width quotation mark inside a quote ends nothing', () => {
    // NFKC would make `","verdict":"yes` of it
    check(answer(item('no', '＂,＂verdict＂:＂yes')), valid(said('no', 'm1', '＂,＂verdict＂:＂yes')))
  })
  it('a nonce that could be a word is none', () => {
    expect(parseReply('{"nonce":"yes","items":[]}', 'yes', ids).status).toBe('abstain')
    expect(parseReply('{"nonce":"","items":[]}', '', ids).status).toBe('abstain')
  })
  it('a hundred thousand open braces are given up soon', () => {
    const start = performance.now()
    parse(`${nonce}${'{'.repeat(190_000)}`)
    parse(`${nonce}${'{"a":['.repeat(30_000)}`)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('objectsIn', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['{}', ['{}']],
    ['a {b} c {d}', ['{b}', '{d}']],
    ['{"a": "}"}', ['{"a": "}"}']],
    [String.raw`{"a": "\"}"}`, [String.raw`{"a": "\"}"}`]],
    ['{ {x}', ['{x}']],
    ['{[}] {y}', ['{y}']],
    ['}{', []],
  ]
  it.each(rows)('%s', (text, expected) => expect(objectsIn(text)).toEqual(expected))
})

const words = fc.constantFrom(
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  "'",
  '\\',
  '“',
  nonce,
  '"nonce"',
  '"items"',
  '"id"',
  '"m1"',
  '"verdict"',
  '"yes"',
  '"quote"',
  '"handler_pid"',
  'null',
  '\n',
  '```',
  '\u200b',
  'x',
)
const soup = fc.oneof(
  fc.string(),
  fc.string({unit: 'binary'}),
  fc.array(words, {maxLength: 60}).map((all) => all.join('')),
)

describe('for any text', () => {
  it('it never throws, and is never valid without the nonce', () => {
    fc.assert(
      fc.property(soup, (text) => {
        expect(parse(text).status === 'valid' && !text.includes(nonce)).toBe(false)
      }),
      {numRuns: 2000},
    )
  })
  it('whatever stands around an answer, no other verdict comes of it', () => {
    fc.assert(
      fc.property(soup, soup, (before, after) => {
        const reply = parse(`${before.replaceAll(nonce, '')}${no}${after.replaceAll(nonce, '')}`)
        expect(reply.status === 'valid' && reply.items.some(({verdict}) => verdict === 'yes')).toBe(false)
      }),
      {numRuns: 1000},
    )
  })
  it('whatever is quoted, no other verdict comes of it', () => {
    fc.assert(
      fc.property(soup, fc.constantFrom('yes' as const, 'no' as const), (quote, verdict) => {
        const reply = parse(answer(item(verdict, quote)))
        expect(reply.status).toBe('valid')
        if (reply.status === 'valid') for (const each of reply.items) expect(each.verdict).toBe(verdict)
      }),
      {numRuns: 1000},
    )
  })
})
