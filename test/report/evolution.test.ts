import {createHash} from 'node:crypto'
import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {guardedOf} from '../../src/optimize/guards.ts'
import {optimize} from '../../src/optimize/optimize.ts'
import {Settings, type Evaluation} from '../../src/optimize/search.ts'
import {candidatesOf, leadersOf, mostTelling, pairsOf, partsOf, rulesOf} from '../../src/report/account.ts'
import {differenceOf} from '../../src/report/difference.ts'
import {evolutionBody, progressOf, type Evolution} from '../../src/report/evolution.ts'
import {evolutionPage} from '../../src/report/evolution-page.ts'
import {plainLine} from '../../src/trust.ts'
import {anyText} from '../plan/arbitrary.ts'
import {dangersIn, mermaidBlocks} from './dangers.ts'
import {empty, fresh, gate, grown, rule, tried} from './evolutions.ts'

const server = 'https://github.example'
type Story = Evolution['log'][number]
/** GitHub refuses more. */
const limit = 65_536

const unproven: Evolution = {
  ...grown,
  promoted: false,
  best: grown.baseline,
  p_value: 0.21,
  log: [
    ...grown.log.filter(({kind}) => kind !== 'gate' && kind !== 'note'),
    gate({p_value: 0.21, verdict: 'the gain may be chance (p = 0.210)'}),
    {kind: 'note', code: 'not-proven', message: 'No proven improvement: the gain may be chance (p = 0.210).'},
  ],
}
const fruitless: Evolution = {...empty, spent: {calls: 12, tokens: 4000, usd: null}, log: [tried('seed', 5)]}

describe('what is said first', () => {
  it.each<readonly [string, Evolution, string, string]>([
    [
      'nothing tried',
      empty,
      'ℹ️ **Nothing was tried on the pipeline genesis: it stays as it is**',
      'were not compared.',
    ],
    [
      'nothing proposed',
      fruitless,
      'ℹ️ **No better words for the pipeline genesis were found: it stays as it is**',
      'were not compared.',
    ],
    [
      'not promoted',
      unproven,
      'ℹ️ **No proven improvement of the pipeline genesis: it stays as it is**',
      'Mean score 6.20 before, 7.10 after, of 10, over 6 pairs of fresh runs that nothing was learned from. Not promoted: the gain may be chance (p = 0.210). p = 0.210 is',
    ],
    [
      'promoted',
      grown,
      '✅ **Better words for the pipeline genesis**',
      'Mean score 6.04 before, 7.31 after, of 10, over 9 pairs of fresh runs that nothing was learned from. p = 0.004 is',
    ],
    [
      'nothing to compare on',
      {
        ...empty,
        after: {'scan/prompt': 'x'},
        log: [
          tried('seed', 5),
          gate({pairs: 0, baseline: null, evolved: null, p_value: null, verdict: 'all is quoted'}),
        ],
      },
      'ℹ️ **No proven improvement of the pipeline genesis: it stays as it is**',
      'were not compared: all is quoted.',
    ],
    [
      'a p that is hardly there',
      {...grown, p_value: 0.00002},
      '✅ **Better words for the pipeline genesis**',
      'p < 0.001 is',
    ],
  ])('%s', (_, evolution, first, scores) => {
    const [headline, , said = ''] = evolutionBody(evolution).replaceAll('&lt;', '<').split('\n')
    expect(headline).toBe(first)
    expect(said).toContain(scores)
    if (evolution.p_value !== null) expect(said).toContain('it concerns these gold standards only')
    const page = evolutionPage(evolution)
    expect(page).toContain(`<h1>${first.replace(/ \*\*(.*)\*\*$/, ' $1')}</h1>`)
    expect(page.replaceAll('&#60;', '<')).toContain(scores)
  })
})

describe('the body', () => {
  const body = evolutionBody(grown)
  it.each([
    [
      'a rule that was kept',
      `| ✅ kept | \`R1\` ${rule} | \`scan\` | A call to itself inside of a callback was missed (lib/shop/cart.ex). | \\+0.34 (+0.17 to +0.51) |`,
    ],
    ['a rule that was dropped', '| ✖️ dropped | `R3` Give each change one file. | `plan` |'],
    ['its effect', '| −0.06 (−0.21 to +0.09) |'],
    ['a rule that was kept, and is not in the words', '| ➖ set aside | `R4` '],
    ['the pipeline as it is', 'n1["seed 6.00 (15 runs)"]'],
    ['what was compared', 'n7["★ 5e21b790 7.36 (15 runs)"]'],
    ['two parents', 'n3 --> n6\nn4 --> n6'],
    ['the search', String.raw`| Search | 30 | 132 | 554400 | \$1.45 |`],
    ['the comparison', String.raw`| Comparison | 18 | 64 | 269000 | \$0.70 |`],
    ['the sum', String.raw`| Together | 48 | 196 | 823400 | \$2.16 |`],
    ['the limits', String.raw`| Limit |  | 200 | none | \$5.00 |`],
    [
      'the words',
      `\`scan/prompt\`\n\n\`\`\`diff\n@@ 2 lines @@\n Name what is wrong, with file and line.\n Be brief.\n+\n+Learned rules:\n+- ${rule}\n`,
    ],
    ['notes', '- R4 brings false claims and is set aside.\n- 2 proposals were refused: it copies a name of'],
    ['seed and digest', 'Optimizer `forge`, seed `7`, digest `5d1e0c77a2b94f03`.'],
  ])('shows %s', (_, expected) => {
    expect(body).toContain(expected)
  })
  it('says what the cost is not', () => {
    expect(evolutionBody(fruitless)).toContain('| Together | 1 | 12 | 4000 | unknown |')
    expect(evolutionBody(fruitless)).toContain('The cost is unknown')
  })
  it('says of words that are not promoted that they are not', () => {
    expect(evolutionBody(unproven)).toContain(
      'Not promoted: the pipeline stays as it is, without them.\n\n`scan/prompt`',
    )
    expect(body).not.toContain('without them')
  })
  it('has no empty sections', () => {
    expect(evolutionBody(empty).match(/^###.*/gm)).toEqual(['### Spent', '### To reproduce it'])
  })
})

const hostileName = anyText.map((name) => name || 'x')
const score = fc.option(fc.double({min: 0, max: 10, noNaN: true}))
const share = fc.double({min: -1, max: 1, noNaN: true})
const spent = fc.record({
  calls: fc.nat(900),
  tokens: fc.nat(900_000),
  usd: fc.option(fc.double({min: 0, max: 90, noNaN: true})),
})
const limits = fc.record({calls: fc.option(fc.nat(900)), tokens: fc.option(fc.nat(9)), usd: fc.option(fc.nat(9))})
const candidateName = fc.oneof(fc.constantFrom('seed', 'a1', 'b2', 'c3', '__proto__'), hostileName)
const ruleName = fc.oneof(fc.constantFrom('R1', 'R2', 'constructor'), hostileName)
const step = fc.oneof(fc.constantFrom('scan', 'plan'), hostileName)
const interval = fc.option(fc.tuple(share, share))
const story: fc.Arbitrary<Story> = fc.oneof(
  fc.record({kind: fc.constant('note' as const), code: anyText, message: anyText}),
  fc.record({
    kind: fc.constant('tried' as const),
    candidate: candidateName,
    parents: fc.array(candidateName, {maxLength: 3}),
    case: hostileName,
    replicate: fc.constantFrom(0, 1, fresh, fresh + 1),
    score,
    credits: fc.dictionary(hostileName, fc.double({min: 0, max: 1, noNaN: true}), {maxKeys: 3}),
    spent,
  }),
  fc.record({kind: fc.constant('proposed' as const), rule: ruleName, step, text: anyText, cause: anyText}),
  fc.record({kind: fc.constant('refused' as const), step, text: anyText, why: anyText}),
  fc.record({
    kind: fc.constant('judged' as const),
    rule: ruleName,
    verdict: fc.constantFrom('kept' as const, 'dropped' as const),
    effect: fc.option(share),
    interval,
  }),
  fc.record({kind: fc.constant('demonstration' as const), case: hostileName, steps: fc.array(step, {maxLength: 2})}),
  fc.record({
    kind: fc.constant('gate' as const),
    pairs: fc.nat(20),
    baseline: score,
    evolved: score,
    p_value: fc.option(fc.double({min: 0, max: 1, noNaN: true})),
    verdict: anyText,
  }),
)
const words = fc.dictionary(
  fc.oneof(fc.constantFrom('scan/prompt', 'plan/system'), hostileName),
  fc.array(anyText, {maxLength: 6}).map((lines) => lines.join('\n')),
  {maxKeys: 3},
)
const hostile: fc.Arbitrary<Evolution> = fc.record({
  pipeline: anyText,
  optimizer: anyText,
  promoted: fc.boolean(),
  baseline: score,
  best: score,
  p_value: fc.option(fc.double({min: 0, max: 1, noNaN: true})),
  spent,
  limits,
  seed: fc.nat(),
  about: anyText,
  log: fc.array(story, {maxLength: 25}),
  before: words,
  after: fc.option(words),
})

/** Lines of tables, without what is escaped in them. */
const pipesIn = (row: string): number => row.replace(/\\./g, '').split('|').length
/** Blocks of lines that begin a table, outside of code blocks. */
const tablesIn = (body: string): readonly (readonly string[])[] =>
  body
    .replace(/^(`{3,})\w*\n[^]*?\n\1$/gm, '')
    .split('\n\n')
    .map((block) => block.split('\n'))
    .filter((lines) => /^\|[:|-]+\|$/.test(lines[1] ?? ''))

/** Every string as long as it comes. */
const huge = (filler: string): Evolution => {
  const long = filler.repeat(Math.ceil(4000 / filler.length))
  const names = Array.from({length: 120}, (_, at) => `${at} ${long.slice(0, 200)}`)
  return {
    ...grown,
    pipeline: long,
    optimizer: long,
    about: long,
    log: [
      ...names.map((name, at) =>
        tried(name, at % 10, {parents: names.slice(Math.max(0, at - 5), at), case: long, credits: {[long]: 0.5}}),
      ),
      tried(names[3] ?? '', 5, {replicate: fresh}),
      ...names.map((name): Story => ({kind: 'proposed', rule: name, step: long, text: long, cause: long})),
      ...names.map((name): Story => ({kind: 'note', code: 'x', message: name + long})),
      ...names.map((name): Story => ({kind: 'refused', step: long, text: long, why: name + long})),
      gate({verdict: long}),
    ],
    before: {},
    after: Object.fromEntries(
      names.slice(0, 12).map((name) => [`${name}/prompt`, `${long.slice(0, 1000)}\n`.repeat(20)]),
    ),
  }
}
const fillers = [
  'word ',
  '@a',
  '`',
  '<!-',
  '![',
  '](',
  '|',
  '&',
  '#1',
  '##[',
  'www.',
  '://',
  '_',
  '\\',
  '\n',
  '::\n',
  '😀',
  '\u202e',
]

describe('whatever a model wrote', () => {
  it('lets no image, HTML, off-host link, mention, reference or comment into the body', () => {
    fc.assert(
      fc.property(hostile, (evolution) => {
        const body = evolutionBody(evolution)
        expect(dangersIn(body, server)).toEqual([])
        expect(body.length).toBeLessThan(limit)
        const headings = body.match(/^#{1,6} .*$/gm) ?? []
        expect(new Set(headings).size).toBe(headings.length)
        expect(headings.every((each) => ours.has(each))).toBe(true)
        for (const [, rule = '', ...rows] of tablesIn(body))
          for (const row of rows) expect(pipesIn(row)).toBe(pipesIn(rule))
      }),
      {numRuns: 400},
    )
  })
  it('writes a page whose only tags, attributes and addresses are its own', () => {
    const shown = evolutionPage(grown)
    const own = new Set([...shown.matchAll(/<\/?[a-z1-6]+/gi)].map(([tag]) => tag))
    const attributes = new Set([...shown.matchAll(/\s([^\s="]+)="/g)].map(([, name]) => name))
    fc.assert(
      fc.property(hostile, (evolution) => {
        const page = evolutionPage(evolution)
        for (const tag of page.match(/<\/?[a-z1-6!]+/gi) ?? []) expect([...own, '<!doctype']).toContain(tag)
        for (const [tag] of page.matchAll(/<[a-z][^>]*>/gi))
          for (const [, name = ''] of tag.matchAll(/\s([^\s="]+)="[^"]*"/g)) expect(attributes.has(name)).toBe(true)
        expect(page).not.toMatch(/NaN|Infinity|undefined/)
        expect(page.match(/<ul>/g)?.length ?? 0).toBe(page.match(/<\/ul>/g)?.length ?? 0)
      }),
      {numRuns: 200},
    )
  })
  it('keeps the progress within one line, without commands', () => {
    fc.assert(
      fc.property(fc.array(story, {maxLength: 8}), limits, (log, limits) => {
        const line = progressOf(log, limits)
        expect(line).toBe(plainLine(line, 200))
        expect(line).not.toMatch(/\n|\p{Cc}|NaN|undefined/u)
      }),
    )
  })
  it.each(fillers)('stays below the limit of GitHub, all of it made of %j', (filler) => {
    const body = evolutionBody(huge(filler))
    expect(body.length).toBeLessThan(limit)
    expect(dangersIn(body, server)).toEqual([])
    expect(mermaidBlocks(body)[0]?.filter((line) => line.includes('["'))).toHaveLength(40)
    expect(evolutionPage(huge(filler))).toContain('</html>')
  })
  it('says how much is left out', () => {
    const body = evolutionBody(huge('word '))
    expect(body).toMatch(/\n\d+ more rules left out\.\n/)
    expect(body).toMatch(/ 80 more candidates left out\.\n/)
    expect(body).toMatch(/\n\d+ more lines left out\.\n/)
    expect(body).toMatch(/\n\d+ more texts left out\.\n/)
    expect(body).toMatch(/\n- \d+ more notes left out\.\n/)
  })
})
const ours = new Set(
  ['Rules', 'Lineage', 'Spent', 'Words that changed', 'Notes', 'To reproduce it'].map((title) => `### ${title}`),
)

describe('the page', () => {
  const page = evolutionPage(grown)
  it('allows itself nothing but its own style', () => {
    expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'`)
    expect(page).not.toMatch(/<script|<link|<img|https?:/)
  })
  it.each([
    ['a dot for each run of the search', /<circle class="dot"/g, 30],
    ['the line of the leader', /<path class="best" d="M/g, 1],
    ['a mark for each pair', /<circle class="was"/g, 9],
    ['a row for each finding', /<th scope="row" title="/g, 24],
    ['a cell for each finding and candidate', /<td class="(?:h\d+|none)"/g, 24 * 8],
    ['a bar for each effect that was measured', /<svg class="bar"/g, 3],
    ['a line for each word that is new', /<span class="add">/g, 4],
    ['an entry for each candidate', /<li><code>/g, 8],
  ])('has %s', (_, pattern, count) => {
    expect(page.match(pattern) ?? []).toHaveLength(count)
  })
  it('tells a cell and a dot when asked', () => {
    expect(page).toMatch(/title="otp-shop\/G1, 3f9a1c20: \d\.\d\d in 1 run"/)
    expect(page).toMatch(/<title>seed on otp-shop: \d\.\d\d after 12 calls<\/title>/)
  })
  it('shows 60 of 200 candidates and 200 of 300 findings, and says so', () => {
    const credits = Object.fromEntries(Array.from({length: 300}, (_, at) => [`G${at}`, 0.5]))
    const log = Array.from({length: 200}, (_, at) => tried(`c${at}`, 5, {credits}))
    const large = evolutionPage({...empty, log})
    expect(large.match(/<th scope="col">/g)).toHaveLength(60)
    expect(large.match(/<th scope="row" title="/g)).toHaveLength(200)
    expect(large).toContain('100 more findings and 140 more candidates left out')
  })
  it('shows every candidate once, also where parents wait for one another', () => {
    const log = [tried('a', 5, {parents: ['b']}), tried('b', 5, {parents: ['a']}), tried('c', 5, {parents: ['c']})]
    expect(evolutionPage({...empty, log}).match(/<li><code>/g)).toHaveLength(3)
    expect(dangersIn(evolutionBody({...empty, log}), server)).toEqual([])
  })
})

describe('the account', () => {
  it.each<readonly [string, readonly Story[], readonly string[]]>([
    ['nothing', [], []],
    ['no scores', [tried('seed', null)], []],
    ['the better one', [tried('seed', 5), tried('a', 6), tried('b', 5.5)], ['seed', 'a', 'a']],
    ['who falls back', [tried('seed', 5), tried('a', 9), tried('a', 0, {replicate: 1})], ['seed', 'a', 'seed']],
    [
      'one easy case makes no leader',
      [tried('seed', 5), tried('seed', 3, {case: 'b'}), tried('a', 9)],
      ['seed', 'seed', 'seed'],
    ],
    ['the comparison is no part', [tried('seed', 5), tried('a', 9, {replicate: fresh})], ['seed']],
  ])('leads: %s', (_, log, expected) => {
    expect(leadersOf(log).map(({name}) => name)).toEqual(expected)
  })
  it('draws the pipeline as it is, what was compared and its ancestors before those with better means', () => {
    const log = [
      tried('seed', 1),
      tried('a', 2, {parents: ['seed']}),
      tried('b', 3, {parents: ['a']}),
      ...Array.from({length: 9}, (_, at) => tried(`c${at}`, 9 - at / 10)),
      tried('b', 3, {parents: ['seed'], replicate: fresh}),
    ]
    expect(mostTelling(candidatesOf(log), 5).map(({name}) => name)).toEqual(['seed', 'a', 'b', 'c0', 'c1'])
  })
  it('knows no cost where one part is unknown', () => {
    const log = [
      tried('seed', 5, {spent: {calls: 3, tokens: 30, usd: null}}),
      tried('a', 9, {replicate: fresh, spent: {calls: 9, tokens: 90, usd: null}}),
    ]
    expect(partsOf({log, spent: {calls: 10, tokens: 95, usd: null}}).map(({spent}) => spent)).toEqual([
      {calls: 3, tokens: 30, usd: null},
      {calls: 7, tokens: 65, usd: null},
      {calls: 10, tokens: 95, usd: null},
    ])
  })
  it.each<readonly [string, readonly ('kept' | 'dropped')[], string | null, string]>([
    ['not judged', [], null, 'not judged'],
    ['the last verdict', ['kept', 'dropped'], null, 'dropped'],
    ['taken back', ['dropped', 'kept'], null, 'kept'],
    ['kept, and in the words', ['kept'], '- Be brief.', 'kept'],
    ['kept, and not in the words', ['kept'], '- Be long.', 'set aside'],
    ['dropped, and chosen at the end', ['dropped'], '- Be brief.', 'kept'],
  ])('a rule: %s', (_, verdicts, after, state) => {
    const log: readonly Story[] = [
      {kind: 'proposed', rule: 'R1', step: 'scan', text: 'Be brief.', cause: 'x'},
      ...verdicts.map((verdict): Story => ({kind: 'judged', rule: 'R1', verdict, effect: null, interval: null})),
    ]
    const [rule] = rulesOf({log, after: after === null ? null : {'scan/prompt': after}})
    expect(rule?.state).toBe(state)
  })
})

describe('the difference', () => {
  it.each([
    ['nothing', 'a\nb', 'a\nb\n', ['@@@ 2 lines @@']],
    ['all', '', 'a', ['+a']],
    [
      'the middle',
      '1\n2\n3\n4\n5\n6\n7',
      '1\n2\n3\nx\n5\n6\n7',
      ['@@@ 1 line @@', ' 2', ' 3', '-4', '+x', ' 5', ' 6', '@@@ 1 line @@'],
    ],
    ['a move', 'a\nb\nc', 'b\nc\na', ['-a', ' b', ' c', '+a']],
    ['a line end that is none of ours', 'a', 'a\u2028- b\rc', [' a', '+- b', '+c']],
  ])('%s', (_, before, after, expected) => {
    expect(differenceOf(before, after).map(({sign, text}) => sign + text)).toEqual(expected)
  })
  it('gives both texts back', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), {maxLength: 12})
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        // no line is far from a change, where all are: so nothing is left out
        const all = differenceOf(['x', ...before].join('\n'), ['y', ...after].join('\n'))
        const of = (sign: string): number => all.filter((line) => line.sign === sign).length
        const gaps = all.reduce((sum, {sign, text}) => sum + (sign === '@' ? Number(/\d+/.exec(text)?.[0]) : 0), 0)
        expect(of(' ') + of('-') + gaps).toBe(before.length + 1)
        expect(of(' ') + of('+') + gaps).toBe(after.length + 1)
      }),
    )
  })
  it('gives up on texts that have too much to compare', () => {
    const lines = (prefix: string): string => Array.from({length: 1500}, (_, at) => `${prefix}${at}`).join('\n')
    expect(differenceOf(lines('a'), lines('b'))).toHaveLength(3000)
  })
})

describe('the progress', () => {
  const unlimited = {calls: null, tokens: null, usd: null}
  const proposal: Story = {kind: 'proposed', rule: 'R7', step: 'scan', text: 'x', cause: 'y'}
  it.each<readonly [string, readonly Story[], Evolution['limits'], string]>([
    ['nothing yet', [], {...unlimited, calls: 200}, '0 of 200 calls · no score yet · starting'],
    ['a run', [tried('seed', 5)], unlimited, '1 calls · best 5.00 with seed · trying seed on otp-shop'],
    [
      'two runs',
      [tried('seed', 5), tried('seed', 6, {replicate: 1})],
      {...unlimited, usd: 2},
      '1 calls, $0.01 of $2.00 · best 5.50 (2.34–8.66) with seed · trying seed on otp-shop',
    ],
    [
      'a rule, its cost unknown',
      [tried('seed', 5, {spent: {calls: 4, tokens: 70, usd: null}}), proposal],
      {calls: 9, tokens: 99, usd: 2},
      '4 of 9 calls, 70 of 99 tokens, $? of $2.00 · best 5.00 with seed · trying R7',
    ],
    [
      'the comparison',
      [tried('seed', 5), proposal, tried('a', 9, {replicate: fresh})],
      unlimited,
      '1 calls · best 5.00 with seed · comparing, 1 runs',
    ],
    [
      'the end',
      [tried('seed', 5), tried('a', 9, {replicate: fresh}), gate({verdict: 'better'})],
      unlimited,
      '1 calls · best 5.00 with seed · compared: better',
    ],
  ])('%s', (_, log, limits, expected) => {
    expect(progressOf(log, limits)).toBe(expected)
  })
})

it('shows what the product tells: its comparison is known by its replicates', async () => {
  const judged = (score: number): Evaluation => ({
    score,
    unreadable: null,
    outcomes: [{id: 'G1', credit: score / 10, lost: null, group: null, must: false, reason: ''}],
    extras: [],
    shown: {},
    cost: {calls: 2, tokens: 50, usd: null},
  })
  const optimized = await optimize({
    problem: {
      steps: [{name: 'scan', texts: {prompt: 'Read.'}}],
      cases: [{name: 'otp-shop', split: 'train'}],
      heading: 'Rules:',
      guarded: guardedOf({names: [], texts: []}),
    },
    settings: Settings.parse({}),
    limits: {calls: null, tokens: null, usd: null},
    world: {
      evaluate: async ({candidate, replicate}) =>
        judged((Object.keys(candidate).length === 0 ? 5 : 8) + ((replicate * 7) % 3) / 10),
      reflect: async () => ({text: '', cost: {calls: 1, tokens: 1, usd: null}}),
      worstRun: () => ({calls: 2, tokens: 0, usd: 0}),
      worstReflection: {calls: 1, tokens: 0, usd: 0},
      atOnce: 1,
    },
    journal: {events: [], append: () => undefined},
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    shard: null,
    onStory: () => undefined,
    optimizer: {
      summary: 'Says so.',
      propose: async ({evaluate}) => {
        await evaluate([{candidate: {}, case: 'otp-shop', replicate: 0}])
        return {candidate: {'scan/prompt': 'Read twice.'}, quotes: []}
      },
    },
    isGated: true,
  })
  const {evolved, ...found} = optimized
  const evolution: Evolution = {...empty, ...found, before: {'scan/prompt': 'Read.'}, after: evolved}
  expect(pairsOf(evolution.log)).toHaveLength(10)
  expect(partsOf(evolution).map(({what, runs}) => [what, runs])).toEqual([
    ['search', 1],
    ['comparison', 20],
    ['together', 21],
  ])
  const body = evolutionBody(evolution)
  expect(body).toContain('✅ **Better words')
  expect(body).toContain('```diff\n-Read.\n+Read twice.\n```')
  expect(body).toMatch(/n1\["seed [\d.]+ \(11 runs\)"\]\nn2\["★ [0-9a-f]{8} [\d.]+ \(10 runs\)"\]\nn1 --> n2/)
})
