import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  clip,
  code,
  fenced,
  hidden,
  summaryText,
  joinMarkdown,
  link,
  markdown,
  mermaidLabel,
  paragraphs,
  prose,
  text,
  type Markdown,
} from '../src/trust.ts'
import {anyText} from './plan/arbitrary.ts'
import {dangersIn} from './report/dangers.ts'

const server = 'https://github.example'
const forms: readonly (readonly [string, (value: string) => Markdown])[] = [
  ['text', text],
  ['prose', prose],
  ['paragraphs', paragraphs],
  ['code', code],
  ['fenced', (value) => fenced(value, 'elixir')],
  ['summaryText', summaryText],
  ['link label', (value) => link(text(value), `${server}/a/b`, server)],
  ['link address', (value) => link(text('x'), value, server)],
  [
    'link path',
    (value) =>
      link(code(value), `${server}/a/b/blob/main/${encodeURIComponent(value.replace(/\p{Surrogate}/gu, ''))}`, server),
  ],
]

describe.each(forms)('%s', (_, form) => {
  it('lets no image, HTML, off-host link, mention, reference or comment through', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(dangersIn(markdown`${form(a)}\n\n${form(b)}`, server)).toEqual([])
      }),
      {numRuns: 1000},
    )
  })
})

describe('text', () => {
  it.each([
    ['plain words, and 1.5 of them.', 'plain words, and 1.5 of them.'],
    ['handle_info and _x_', String.raw`handle_info and \_x\_`],
    ['![x](y)', String.raw`!\[x\](y)`],
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['a <!-- hidden --> b', 'a b'],
    ['a <!-- never closed', 'a'],
    ['@octocat', '@\u2060octocat'],
    ['#12 GH-12', '\\#\u206012 GH-\u206012'],
    ['deadbeefcafe', 'dead\u2060beefcafe'],
    ['https://x.example www.x.example', 'https:\u2060//x.example www\u2060.x.example'],
    ['a | b', String.raw`a \| b`],
    [String.raw`a \| b`, String.raw`a \\\| b`],
    ['1. one', String.raw`1\. one`],
    ['- one', String.raw`\- one`],
    ['&#64;octocat', '&amp;\\#\u206064;octocat'],
    ['a\n\nb', 'a b'],
    ['\u202eabc\u200b', 'abc'],
    ['a\u{e0068}\u{e0069}b', 'ab'],
  ])('%j → %j', (value, expected) => {
    expect(text(value)).toBe(expected)
  })
})

describe('prose', () => {
  it.each([
    ['use `Task.async/1` here', 'use `Task.async/1` here'],
    ['one ` alone', 'one \\` alone'],
    ['`a` and `b|c`', '`a` and `b\\|c`'],
    ['- `x` *y*', '\\- `x` \\*y\\*'],
    ['@`name` `@name`', '@`name` `@\u2060name`'],
  ])('%j → %j', (value, expected) => {
    expect(prose(value)).toBe(expected)
  })
})

describe('paragraphs', () => {
  it.each([
    ['a\nb\n\n\n\nc', 'a  \nb\n\nc'],
    ['Places:\n- one\n* two *x*\n1. three', 'Places:  \n- one  \n- two \\*x\\*  \n1. three'],
    ['# not a heading\n    not code\n> no quote\n---', '\\# not a heading  \nnot code  \n&gt; no quote  \n\\---'],
    ['a\n```\nb', 'a  \n\\`\\`\\`  \nb'],
    ['- ```\n- - - -', '- \\`\\`\\`  \n- \\- - -'],
  ])('%j → %j', (value, expected) => {
    expect(paragraphs(value)).toBe(expected)
  })
})

describe('code', () => {
  it.each([
    ['a', '`a`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['a|b', String.raw`${'`'}a\|b${'`'}`],
    [String.raw`a\|b`, String.raw`${'`'}a\|b${'`'}`],
    [String.raw`a\\|b`, '`a\\\\\\|b`'],
    ['', ''],
    ['@spec x', '`@\u2060spec x`'],
    ['<img src=x>', '`<\u2060img src=x>`'],
    ['</details>', '`<\u2060/details>`'],
    ['::error::x', '`:\u2060:error::x`'],
  ])('%j → %j', (value, expected) => {
    expect(code(value)).toBe(expected)
  })
})

describe('mermaidLabel', () => {
  it.each([
    ['C1 Stop the loop (lib/a.ex), now', 'C1 Stop the loop (lib/a.ex), now'],
    ['C1: rename handle_info and _x_', 'C1: rename handle_info and ＿x＿'],
    ['a "quoted" `word`', 'a ＂quoted＂ ｀word｀'],
    ['"] --> n2["', '＂］ --＞ n2［＂'],
    ['a\n```\nclick n1 "http://evil.example"', 'a ｀｀｀ click n1 ＂http：//evil.example＂'],
    ['%%{init: {}}%%', '％％｛init: ｛｝｝％％'],
    ['#quot; #59; &lt;', '＃quot； ＃59； ＆lt；'],
    ['ﬂ°°60¶ß', 'fl°°60ß'],
    ['$$x$$ fa:fa-car a:::b', '＄＄x＄＄ fa：fa-car a：：：b'],
    ['<b>@octocat</b> #12', '＜b＞＠octocat＜/b＞ ＃12'],
    ['www.evil.example', 'www．evil.example'],
    ['1. one', '1． one'],
    ['- one', '－ one'],
    ['\u202ea\u200bb\u2028c\u0085d\u{e0041}', 'ab cd'],
    ['', '–'],
    [' \n\u200b', '–'],
    ['x'.repeat(41), `${'x'.repeat(39)}…`],
    [`${'x'.repeat(38)}😀y`, `${'x'.repeat(38)}…`],
  ])('%j → %j', (value, expected) => {
    expect(mermaidLabel(value)).toBe(expected)
  })
})

describe('link', () => {
  it.each([
    ['https://github.example/a/b/blob/1f/x.ex#L1-L2', '[x](https://github.example/a/b/blob/1f/x.ex#L1-L2)'],
    ['https://github.example/a(b)', '[x](https://github.example/a%28b%29)'],
    ['https://evil.example/', 'x'],
    ['https://github.example@evil.example/', 'x'],
    ['https://u:p@github.example/', 'x'],
    ['http://github.example/', 'x'],
    ['https://github.example.evil.example/', 'x'],
    ['javascript:alert(1)', 'x'],
    ['//evil.example', 'x'],
    ['', 'x'],
  ])('%s', (url, expected) => {
    expect(link(text('x'), url, server)).toBe(expected)
  })
})

it('a code block is closed by a fence longer than any inside', () => {
  expect(fenced('a\n````\nb\n', 'elixir')).toBe('`````elixir\na\n````\nb\n`````')
  expect(fenced('a', '"><script>')).toBe('```\na\n```')
})

it('a code block holds no HTML and no line that the runner obeys', () => {
  expect(fenced('<b>\n  ::error::x\n')).toBe('```\n<\u2060b>\n  :\u2060:error::x\n```')
})

it('what stands in a summary is escaped by entities', () => {
  expect(summaryText('<b> *x* | [y](z) & `c`')).toBe('&#60;b&#62; &#42;x&#42; &#124; &#91;y&#93;(z) &#38; &#96;c&#96;')
})

it('a hidden comment cannot be ended from inside', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      const comment = hidden(value)
      expect(comment.match(/<!--|-->/g)).toEqual(['<!--', '-->'])
      expect(comment).not.toContain('\n')
    }),
    {numRuns: 500},
  )
  expect(hidden('refactor-plan:default eyJ--_a')).toBe('<!-- refactor-plan:default eyJ--_a -->')
})

it('clipping keeps to the limit and cuts no character in half', () => {
  fc.assert(
    fc.property(fc.string({unit: 'grapheme'}), fc.nat(40), (value, max) => {
      const short = clip(value, max + 1)
      expect(short.length).toBeLessThanOrEqual(max + 1)
      expect(short).not.toMatch(/\p{Surrogate}/u)
    }),
  )
})

it('a bare string does not compile', () => {
  // @ts-expect-error -- only escaped text may be woven in
  expect(markdown`${'x'}`).toBe('x')
  expect(joinMarkdown([text('*'), code('b')], ', ')).toBe('\\*, `b`')
})
