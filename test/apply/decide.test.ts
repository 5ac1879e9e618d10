/** What may become of an answer: hostile rows, and properties over answers nobody thought of. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {Answer} from '../../src/apply/answer.ts'
import {decide, sayProblem, type Decision} from '../../src/apply/decide.ts'
import {groundOf, wantedBy, type Ground} from '../../src/apply/ground.ts'
import {refusalOf, type Bounds} from '../../src/apply/place.ts'
import type {Entry} from '../../src/pack/pack.ts'
import {Change} from '../../src/plan/plan.ts'

const bounds: Bounds = {goldRoots: ['gold'], protectedPaths: ['.github/**', 'gold/**', 'pipelines/**']}
const cart = 'defmodule Cart do\n  def go(x), do: spawn(fn -> x end)\n  def go2(x), do: x\nend\n'

/** Its place in a listing, and nothing behind it. */
const link = {isLink: true} as const

type Contents = Readonly<Record<string, string | Uint8Array | typeof link>>

const changeOf = (more: Partial<Change> = {}): Change =>
  Change.parse({id: 'C1', title: 'T', files: ['lib/cart.ex'], creates: ['test/cart_test.exs'], ...more})

const bytesOf = (content: Contents[string]): Uint8Array =>
  typeof content === 'string'
    ? new TextEncoder().encode(content)
    : content instanceof Uint8Array
      ? content
      : new Uint8Array()

/** As a source lists and reads it: links are told as what they are. */
function groundIn(contents: Contents, change: Change): Ground {
  const entries = Object.entries(contents).map(([path, content]): Entry => {
    const isFile = typeof content === 'string' || content instanceof Uint8Array
    return {path, kind: isFile ? 'file' : 'symlink', bytes: isFile ? bytesOf(content).length : null, sha: null}
  })
  const wanted = wantedBy(change, entries, bounds)
  return groundOf(
    entries,
    wanted,
    wanted.entries.map(({path}) => ({path, bytes: bytesOf(contents[path] ?? '')})),
  )
}

const answerOf = (more: Partial<Answer>): Answer => ({edits: [], create: [], delete: [], cannot: null, ...more})

function decided(answer: Partial<Answer>, contents: Contents = {}, change = changeOf()): Decision {
  return decide(
    change,
    groundIn({'lib/cart.ex': cart, 'lib/other.ex': 'x\n', ...contents}, change),
    answerOf(answer),
    bounds,
  )
}

const edit = (find: string, replace: string, file = 'lib/cart.ex'): Partial<Answer> => ({
  edits: [{file, find, replace}],
})
const create = (file: string, text = 'x\n'): Partial<Answer> => ({create: [{file, text}]})
const said = ({problems}: Decision): string => problems.map(sayProblem).join('\n')

describe('what the change names', () => {
  test('is edited, created, deleted', () => {
    const change = changeOf({files: ['lib/cart.ex', './lib/old.ex'], creates: ['test/cart_test.exs']})
    const {files, problems, cannot} = decided(
      {
        ...edit('spawn(fn -> x end)', 'Task.start(fn -> x end)'),
        ...create('test/cart_test.exs', 'test\n'),
        delete: ['lib/old.ex'],
      },
      {'lib/old.ex': 'old\n'},
      change,
    )
    expect({problems, cannot}).toEqual({problems: [], cannot: null})
    expect(files).toEqual([
      {path: 'lib/cart.ex', before: cart, after: cart.replace('spawn', 'Task.start')},
      {path: 'lib/old.ex', before: 'old\n', after: null},
      {path: 'test/cart_test.exs', before: null, after: 'test\n'},
    ])
  })
  test('may be a folder', () => {
    const change = changeOf({files: ['lib/'], creates: ['test/new']})
    const answer = {...edit('x\n', 'y\n', 'lib/other.ex'), ...create('test/new/a_test.exs')}
    expect(decided(answer, {}, change).files.map(({path}) => path)).toEqual(['lib/other.ex', 'test/new/a_test.exs'])
  })
  test('cannot be changed, says the model, and nothing is', () =>
    expect(decided({cannot: ' There is no `Mail`. '})).toEqual({
      files: [],
      problems: [],
      cannot: 'There is no `Mail`.',
    }))
})

describe('where it wants to write', () => {
  const everywhere = ['lib/cart.ex', '.', '..', '/', 'lib', '.git', '.GIT', 'gold', '.github', 'pipelines', 'link']
  /** By a change that names all of it, so that it is not the change that keeps it out. */
  const greedy = (path: string): Change => changeOf({files: everywhere, creates: [path]})
  test.each([
    ['../out.ex', /leads out/],
    ['lib/../../out.ex', /leads out/],
    ['lib/../lib/cart.ex', /leads out/],
    ['./lib/new.ex', /leads out/],
    ['lib//new.ex', /leads out/],
    ['/etc/passwd', /leads out/],
    ['~/.bashrc', /leads out/],
    ['', /leads out/],
    ['.', /leads out/],
    ['lib/', /leads out/],
    ['.git/hooks/post-checkout', /leads out/],
    ['.GIT/config', /leads out/],
    ['lib/.gIt/config', /leads out/],
    ['lib/.g\u200cit/config', /holds a character/],
    ['lib\\..\\..\\out.ex', /holds a character/],
    ['C:\\windows\\x', /holds a character/],
    ['C:/windows/x', /holds a character/],
    ['lib/cart.ex:stream', /holds a character/],
    ['lib/a\nb.ex', /holds a character/],
    ['lib/a\0.ex', /leads out/],
    ['lib/a\u001b[2J.ex', /holds a character/],
    ['lib/\u202egnp.ex', /holds a character/],
    ['lib/\ud800.ex', /holds a character/],
    ['git~1/config', /another file on some systems/],
    ['lib/con.ex', /another file on some systems/],
    ['lib/cart.ex.', /another file on some systems/],
    ['lib/cart.ex ', /another file on some systems/],
    [`lib/${'a'.repeat(256)}.ex`, /another file on some systems/],
    ['.github/workflows/gate.yml', /hidden/],
    ['.github/refactor-plan.yml', /hidden/],
    ['.vscode/tasks.json', /hidden/],
    ['.env', /hidden/],
    ['.gitattributes', /hidden/],
    ['lib/.formatter.exs', /hidden/],
    ['gold/self/gold.yaml', /gold standard/],
    ['GOLD/self/x.ex', /gold standard/],
    ['lib/gold.yml', /gold standard/],
    ['pipelines/genesis.yaml', /protected/],
    ['Pipelines/genesis.yaml', /protected/],
    ['CODEOWNERS', /protected/],
    // APFS: the same file as in `pipelines` and `keys.pem`
    ['pipeline\u017f/genesis.yaml', /protected/],
    ['evolved_pipeline\u017f/plan_x.yaml', /is a plan/],
    ['node_module\u017f/a/index.js', /made by a tool/],
    ['HEAD', /would make a repository/],
    ['docs/head', /would make a repository/],
    ['fixtures/x.git/hooks/post-update', /a repository of its own/],
    ['docs/codeowners', /protected/],
    ['evolved_pipelines/plan_x.yaml', /is a plan/],
    ['package-lock.json', /made by a tool/],
    ['node_modules/a/index.js', /made by a tool/],
    ['keys/server.pem', /holds secrets/],
    ['lib/other.ex/new.ex', /lib\/other\.ex is no folder/],
    ['lib', /is a folder/],
    ['lib/other.ex', /is there already/],
    ['lib/Other.ex', /same as lib\/other\.ex/],
    ['LIB/new.ex', /same as lib/],
    ['link/new.ex', /link is no folder/],
    ['link', /is a link/],
  ])('%j is refused', (path, why) => {
    const result = decided(create(path), {link, 'fixtures/x.git/HEAD': 'ref: x\n'}, greedy(path))
    expect(said(result)).toMatch(why)
    expect(result.files).toEqual([])
  })
  test.each([
    ['an edit', edit('x', 'y', 'lib/other.ex'), /lib\/other\.ex: is not among the files that the change names/],
    ['a new file', create('lib/new.ex'), /not among/],
    ['a file beside a named one', create('lib/cart.ex.bak'), /not among/],
    ['a deletion', {delete: ['lib/other.ex']}, /not among/],
  ] satisfies readonly (readonly [string, Partial<Answer>, RegExp])[])(
    '%s of what the change does not name is refused',
    (_, answer, why) => expect(said(decided(answer))).toMatch(why),
  )
  test('a name that itself leads out gives no room', () => {
    const change = changeOf({files: ['lib/cart.ex', '..', '/', ''], creates: []})
    expect(said(decided(create('lib/new.ex'), {}, change))).toMatch(/not among/)
  })
  test('one bad place refuses the good ones with it', () => {
    const result = decided({...edit('go2', 'go3'), ...create('../out.ex')})
    expect(result.files).toEqual([])
    expect(result.problems).toHaveLength(1)
  })
})

describe('a code base that is a folder of a repository', () => {
  const inside = (prefix: string): Bounds => ({
    goldRoots: ['gold'],
    protectedPaths: [],
    around: {prefix, bounds: {goldRoots: ['gold', 'answers'], protectedPaths: ['/pipelines/**', 'lib/Closed/**']}},
  })
  test.each([
    ['.github/workflows/', 'gate.yml', /hidden/],
    ['pipelines/', 'genesis.yaml', /protected/],
    ['lib/', 'CLOSED/a.ex', /protected/],
    ['lib/closed/', 'a.ex', /protected/],
    ['answers/self/', 'notes.md', /gold standard/],
    ['docs/', 'CODEOWNERS', /protected/],
    ['evolved_pipelines/', 'plan_x.yaml', /is a plan/],
    ['lib/', 'a.ex', null],
    ['deps/own/', 'lib/a.ex', null],
  ])('%s%s', (prefix, path, why) =>
    why === null
      ? expect(refusalOf(path, inside(prefix))).toBeNull()
      : expect(refusalOf(path, inside(prefix))).toMatch(why),
  )
})

describe('how much a change may name', () => {
  const many = (count: number): Change => changeOf({files: Array.from({length: count}, (_, at) => `lib/${at}.ex`)})
  const large = Array.from({length: 17}, (_, at): Entry => ({
    path: `lib/${at}.ex`,
    kind: 'file',
    bytes: 1024 * 1024,
    sha: null,
  }))
  const crowded = Array.from({length: 5001}, (_, at): Entry => ({
    path: `lib/${at}.ex`,
    kind: 'file',
    bytes: 1,
    sha: null,
  }))
  test.each([
    ['more files than anybody looks through', many(501), [], /names more than 500 files/],
    ['more text than is read', changeOf({files: ['lib']}), large, /its files have 17 MiB/],
    ['a folder of very many files', changeOf({files: ['lib']}), crowded, /it names 5001 files: split it/],
  ] as const)('%s is refused before anything is read', (_, change, entries, why) => {
    const {problems} = wantedBy(change, entries, bounds)
    expect(problems.map(sayProblem).join()).toMatch(why)
  })
})

describe('what it wants to write', () => {
  test.each([
    ['nothing', {}, /changes nothing/],
    ['no difference', edit('go2', 'go2'), /every text stays as it is/],
    ['words and edits', {...edit('go2', 'go3'), cannot: 'no'}, /`cannot` says/],
    ['an empty find', edit('', 'x'), /`find` is empty/],
    ['a find that is not there', edit('nowhere', 'x'), /does not occur in it: "nowhere"/],
    ['a find that is there twice', edit('def go', 'def gone'), /more than once/],
    ['a find that overlaps itself', edit('aa', 'b', 'lib/aaa.ex'), /more than once/],
    [
      'two edits of one place',
      {
        edits: [
          {file: 'lib/cart.ex', find: 'go2(x), do', replace: 'a'},
          {file: 'lib/cart.ex', find: 'do: x', replace: 'b'},
        ],
      },
      /touch the same place/,
    ],
    [
      'two insertions at one place',
      {
        edits: [
          {file: 'lib/cart.ex', find: 'go2', replace: 'go2a'},
          {file: 'lib/cart.ex', find: 'def go2', replace: 'def go2b'},
        ],
      },
      /touch the same place/,
    ],
    ['a new file that is there', create('lib/aaa.ex'), /is there already, so edit it/],
    ['an edit of one that is not', edit('x', 'y', 'test/cart_test.exs'), /is not there/],
    ['a deletion of one that is not', {delete: ['test/cart_test.exs']}, /is not there/],
    [
      'two texts of one file',
      {
        create: [
          {file: 'test/cart_test.exs', text: 'a'},
          {file: 'test/cart_test.exs', text: 'b'},
        ],
      },
      /twice/,
    ],
    ['an edit of what goes', {...edit('go2', 'go3'), delete: ['lib/cart.ex']}, /twice/],
    ['two deletions of one file', {delete: ['lib/cart.ex', 'lib/cart.ex']}, /twice/],
    [
      'a file in a file',
      {
        create: [
          {file: 'test/cart_test.exs', text: 'a'},
          {file: 'test/cart_test.exs/b', text: 'b'},
        ],
      },
      /is no folder/,
    ],
    ['an escape sequence', edit('go2', '\u001b[2J'), /nobody sees/],
    ['a NUL', create('test/cart_test.exs', 'a\0b'), /nobody sees/],
    ['a text that reorders itself', edit('go2', 'x\u202ey'), /nobody sees/],
    ['hidden letters', create('test/cart_test.exs', 'a\u{e0041}'), /nobody sees/],
    ['a sign that nothing draws', edit('go2', 'go2\ufe0f'), /nobody sees/],
    ['a number sign of another script', edit('go2', 'go2\u0600'), /nobody sees/],
    ['half a character', edit('go2', '\ud83d'), /nobody sees/],
    ['lone carriage returns', edit('go2', 'a\rb'), /carriage returns/],
    ['the sign for a secret', edit('go2', '"[secret removed]"'), /stands for a secret/],
    ['a large edit', edit('go2', 'y'.repeat(1024 * 1024)), /larger than 1 MiB/],
    ['a large file', create('test/cart_test.exs', 'ä'.repeat(600_000)), /larger than 1 MiB/],
    [
      'too many files',
      {create: Array.from({length: 51}, (_, at) => ({file: `test/cart_test.exs/${at}`, text: 'x'}))},
      /no single change/,
    ],
    [
      'too many edits',
      {edits: Array.from({length: 1001}, () => ({file: 'lib/cart.ex', find: 'go2', replace: 'x'}))},
      /no single change/,
    ],
    ['bytes', edit('P', 'Q', 'lib/image.ex'), /is no text in UTF-8/],
    ['UTF-16', edit('a', 'b', 'lib/wide.ex'), /is no text in UTF-8/],
    ['a file of more than a megabyte', edit('a', 'b', 'lib/large.ex'), /is larger than 1 MiB/],
    ['a link', edit('a', 'b', 'lib/link.ex'), /is a link/],
  ] satisfies readonly (readonly [string, Partial<Answer>, RegExp])[])('%s is refused', (_, answer, why) => {
    const contents: Contents = {
      'lib/aaa.ex': 'aaa',
      'lib/image.ex': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe),
      'lib/wide.ex': Uint8Array.of(0xff, 0xfe, 0x61, 0),
      'lib/large.ex': 'a'.repeat(1024 * 1024 + 1),
      'lib/link.ex': link,
    }
    const result = decided(answer, contents, changeOf({files: ['lib'], creates: ['test/cart_test.exs']}))
    expect(said(result)).toMatch(why)
    expect(result.files).toEqual([])
  })
  test('a find that was shown with its boundary broken is found', () => {
    const text = 'a = "<file path=\\"x\\">"\n'
    const result = decided(edit('a = "<\\file path=\\"x\\">"', 'a = "<\\file path=\\"y\\">"'), {'lib/cart.ex': text})
    expect(result.files[0]?.after).toBe(text.replace('"x', '"y'))
  })
})

describe('every byte that is not mentioned stays', () => {
  const after = (text: string, ...edits: readonly (readonly [string, string])[]): string | null | undefined =>
    decided({edits: edits.map(([find, replace]) => ({file: 'lib/cart.ex', find, replace}))}, {'lib/cart.ex': text})
      .files[0]?.after
  test.each([
    ['CRLF', 'a\r\nb\r\nc\r\n', [['b', 'x\ny']], 'a\r\nx\r\ny\r\nc\r\n'],
    ['CRLF, found over lines', 'a\r\nb\r\nc\r\n', [['a\nb\n', 'a\nB\n']], 'a\r\nB\r\nc\r\n'],
    ['CRLF, found with them', 'a\r\nb\r\nc\r\n', [['a\r\nb', 'A\r\nb']], 'A\r\nb\r\nc\r\n'],
    ['mixed line ends', 'a\r\nb\nc\r\nd\n', [['a\nb\nc', 'a\nB\nc']], 'a\r\nB\nc\r\nd\n'],
    ['a mark', '\ufeffa\nb\n', [['a\n', 'A\n']], '\ufeffA\nb\n'],
    ['no last line end', 'a\nb', [['b', 'B']], 'a\nB'],
    ['a last line end that goes', 'a\nb\n', [['b\n', 'b']], 'a\nb'],
    ['replacement patterns', 'a\n', [['a', "$& $1 $' $$"]], "$& $1 $' $$\n"],
    [
      'several edits in any order',
      'one two three\n',
      [
        ['three', '3'],
        ['one', '1'],
      ],
      '1 two 3\n',
    ],
    [
      'edits that share a line',
      'one\ntwo\nthree\n',
      [
        ['one\ntwo', '1\ntwo'],
        ['two\nthree', 'two\n3'],
      ],
      '1\ntwo\n3\n',
    ],
    ['a picture, said to be one', 'a\n', [['a', 'a ❤\ufe0f']], 'a ❤\ufe0f\n'],
    ['pairs', 'a 😀 b\n', [['😀 b', '😁 b']], 'a 😁 b\n'],
    ['an insertion', 'a\nb\n', [['a\n', 'a\nx\n']], 'a\nx\nb\n'],
    ['everything gone', 'a', [['a', '']], ''],
    [
      'a secret beside it',
      'k = "ghp_0123456789abcdefghijABCDEFGHIJ012345"\nb\n',
      [['\nb\n', '\nB\n']],
      'k = "ghp_0123456789abcdefghijABCDEFGHIJ012345"\nB\n',
    ],
  ] as const)('%s', (_, text, edits, wanted) => expect(after(text, ...edits)).toBe(wanted))
  test('a new file ends its lines as all the others do', () => {
    const {files} = decided(create('test/cart_test.exs', 'a\nb\n'), {'lib/cart.ex': 'x\r\ny\r\n'})
    expect(files).toEqual([{path: 'test/cart_test.exs', before: null, after: 'a\r\nb\r\n'}])
  })
})

describe('whatever is answered', () => {
  const path = fc.oneof(
    fc.constantFrom(
      'lib/cart.ex',
      'lib/other.ex',
      'test/cart_test.exs',
      '.git/config',
      '../x',
      'LIB/cart.ex',
      'gold/gold.yaml',
    ),
    fc
      .array(fc.constantFrom('lib', 'test', '..', '.', '.git', 'cart.ex', 'a', '', 'GOLD'), {maxLength: 4})
      .map((parts) => parts.join('/')),
    fc.string(),
  )
  const words = fc.oneof(
    fc.constantFrom('go2', 'def', 'spawn(fn -> x end)', 'x', '\n', '\r\n', 'end'),
    fc.string({unit: 'binary', maxLength: 8}),
  )
  const answers = fc.record({
    edits: fc.array(fc.record({file: path, find: words, replace: words}), {maxLength: 4}),
    create: fc.array(fc.record({file: path, text: words}), {maxLength: 3}),
    delete: fc.array(path, {maxLength: 2}),
    cannot: fc.option(fc.string({maxLength: 3}), {nil: null}),
  })
  test('nothing but what the change names is touched, and all of it or nothing', () => {
    const allowed = ['lib/cart.ex', 'test/cart_test.exs']
    fc.assert(
      fc.property(answers, (answer) => {
        const {files, problems, cannot} = decided(answer)
        expect(files.filter(({path: each}) => !allowed.includes(each))).toEqual([])
        expect(files.length > 0).toBe(problems.length === 0 && cannot === null)
        for (const {path: each, before} of files) expect(before).toBe(each === 'lib/cart.ex' ? cart : null)
      }),
      {numRuns: 2000},
    )
  })
  /** Lines of their own, so that each stands there once. */
  const texts = fc
    .array(fc.tuple(fc.string({unit: 'grapheme', maxLength: 6}), fc.constantFrom('\n', '\r\n')), {
      minLength: 3,
      maxLength: 12,
    })
    .map((lines) => lines.map(([words, end], at) => ({line: `#${at}:${words.replaceAll(/[\r\n#]/g, '')};`, end})))
  test('an edit of one line leaves all others byte for byte', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.string({unit: fc.constantFrom('a', 'ä', '$', '&', '\n')}), (lines, at, put) => {
        const which = at % lines.length
        const before = lines.map(({line, end}) => line + end).join('')
        const [start, found, rest] = [lines.slice(0, which), lines[which], lines.slice(which + 1)].map((part) =>
          [part ?? []].flat().map(({line, end}) => ({line, end})),
        )
        const join = (part: readonly {line: string; end: string}[] = []): string =>
          part.map(({line, end}) => line + end).join('')
        const find = found?.[0]?.line ?? ''
        const result = decided(edit(find, `<${put}>`), {'lib/cart.ex': before})
        const text = result.files[0]?.after ?? ''
        expect(result.problems).toEqual([])
        expect(text.startsWith(join(start))).toBe(true)
        expect(text.endsWith((found?.[0]?.end ?? '') + join(rest))).toBe(true)
        const middle = text.slice(join(start).length, text.length - join(rest).length - (found?.[0]?.end ?? '').length)
        expect(middle.replaceAll('\r\n', '\n')).toBe(`<${put}>`)
      }),
      {numRuns: 500},
    )
  })
})
