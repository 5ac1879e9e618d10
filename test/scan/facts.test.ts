import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import * as fc from 'fast-check'
import {beforeAll, describe, expect, it, test} from 'vitest'
import {loadParse} from '../../src/adapters/grammars.ts'
import {home} from '../../src/adapters/home.ts'
import {factsOf, type Facts} from '../../src/scan/facts.ts'
import {languages, type Parse} from '../../src/scan/parse.ts'
import {
  analyzeImpact,
  DependenciesQuery,
  FilesQuery,
  findDependencies,
  findFiles,
  findFunctions,
  findRelated,
  FunctionsQuery,
  ImpactQuery,
  RelatedQuery,
} from '../../src/scan/query.ts'

let parse: Parse
beforeAll(async () => {
  parse = await loadParse(languages)
})

type Code = Readonly<Record<string, string>>
const read = (code: Code): Promise<Facts> =>
  factsOf(
    Object.entries(code).map(([path, text]) => ({path, text})),
    parse,
  )

/** `module.name/arity visibility first-last` */
async function functionsIn(path: string, text: string): Promise<readonly string[]> {
  return findFunctions(await read({[path]: text}), {}).map(
    ({module, name, arity, visibility, line, end_line}) =>
      `${module === null ? '' : `${module}.`}${name}/${arity ?? '*'} ${visibility ?? '?'} ${line}-${end_line}`,
  )
}

describe('functions', () => {
  it.each<[string, string, string, readonly string[]]>([
    [
      'clauses of one function are one, other arities others',
      'lib/a.ex',
      'defmodule Shop.Cart do\n  def add(c, i \\\\ 1) when i > 0, do: c\n  def add([], _i) do\n    []\n  end\n  defp add(c), do: c\nend\n',
      ['Shop.Cart.add/2 public 2-5', 'Shop.Cart.add/1 private 6-6'],
    ],
    [
      'macros, nested modules, implementations, without parentheses; nothing that is quoted',
      'lib/a.ex',
      'defmodule A do\n  defmacro m(x), do: x\n  defmacrop n, do: 1\n  defmodule B do\n    def f, do: 1\n  end\n  defmacro __using__(_) do\n    quote do\n      def given, do: 1\n    end\n  end\nend\ndefimpl P, for: A do\n  def p(a), do: a\nend\n',
      [
        'A.m/1 public 2-2',
        'A.n/0 private 3-3',
        'A.B.f/0 public 5-5',
        'A.__using__/1 public 7-11',
        'P.A.p/1 public 14-14',
      ],
    ],
    [
      'exported and not, whatever their form',
      'src/a.ts',
      'export function f(this: X, a: string, b?: number) {}\nfunction g() {}\nconst h = async (a = 1) => a\nconst i = x => x\nexport const j = function* (...all) {}, k = () => 1\nexport {h, i as z}\nexport default function () {}\nexport {g} from "./g"\n',
      [
        'f/2 public 1-1',
        'g/0 private 2-2',
        'h/1 public 3-3',
        'i/1 public 4-4',
        'j/* public 5-5',
        'k/0 public 5-5',
        'default/0 public 7-7',
      ],
    ],
    [
      'methods, and functions in functions',
      'src/a.ts',
      "export class A {\n  constructor(private a) {}\n  #p() {}\n  private q(a) {}\n  protected r = () => 1\n  static s = (a, b) => {\n    const inner = () => 1\n    return [1].map((x) => x)\n  }\n  get 't'() {}\n}\nnamespace N { export class B { m() {} } }\n",
      [
        'A.constructor/1 public 2-2',
        'A.p/0 private 3-3',
        'A.q/1 private 4-4',
        'A.r/0 private 5-5',
        'A.s/2 public 6-9',
        'A.inner/0 private 7-7',
        'A.t/0 public 10-10',
        'N.B.m/0 public 12-12',
      ].map((each) => each.replace('A.p/', 'A.#p/')),
    ],
    [
      'CommonJS',
      'lib/a.js',
      'function a() {}\nfunction b() {}\nmodule.exports = {a, c: function (x) {}, d() {}}\nexports.e = (x, y) => x\nFoo.prototype.f = function () {}\n',
      ['a/0 public 1-1', 'b/0 private 2-2', 'c/1 public 3-3', 'd/0 public 3-3', 'e/2 public 4-4', 'f/0 ? 5-5'],
    ],
    [
      'a script, in which nothing says who may see what',
      'a.js',
      'function a() {}\nconst o = {b() {}, c: () => 1}\nclass K { p = () => 1; #q() {} }\n',
      ['a/0 ? 1-1', 'b/0 ? 2-2', 'c/0 ? 2-2', 'K.p/0 public 3-3', 'K.#q/0 private 3-3'],
    ],
    ['markup', 'a.tsx', 'export const A = ({x}: P) => <b>{x}</b>\n', ['A/1 public 1-1']],
    [
      'Python',
      'a.py',
      'def f(a, b: int, /, *, c=1, d: int = 2) -> int: pass\ndef _g(*args): pass\nasync def h(**k: int):\n    def inner(): pass\nclass A(B):\n    def __init__(self, x): pass\n    @staticmethod\n    def s(x): pass\n    @classmethod\n    def c(cls, *, x): pass\n    def __hidden(self): pass\n    class In:\n        def m(self): pass\n',
      [
        'f/4 public 1-1',
        '_g/* private 2-2',
        'h/* public 3-4',
        'inner/0 private 4-4',
        'A.__init__/1 public 6-6',
        'A.s/1 public 8-8',
        'A.c/1 public 10-10',
        'A.__hidden/0 private 11-11',
        'A.In.m/0 public 13-13',
      ],
    ],
    ['another language', 'a.go', 'package a\nfunc F() {}\n', []],
  ])('%s (%s)', async (_, path, text, expected) => {
    expect(await functionsIn(path, text)).toEqual(expected)
  })
})

describe('modules and classes', () => {
  it.each<[string, string, readonly string[]]>([
    ['a.ex', 'defmodule A do\n  defmodule B do\n  end\nend\ndefprotocol P do\nend\n', ['A 1-4', 'A.B 2-3', 'P 5-6']],
    [
      'a.ts',
      "class A {}\nexport abstract class B {}\nconst C = class {}\nexport default class {}\nnamespace N.M { class D {} }\ndeclare module 'x' {}\n",
      ['A 1-1', 'B 2-2', 'C 3-3', 'default 4-4', 'N.M 5-5', 'N.M.D 5-5'],
    ],
    ['a.py', 'class A:\n  class B: pass\n', ['A 1-2', 'A.B 2-2']],
  ])('%s', async (path, text, expected) => {
    const [file] = (await read({[path]: text})).files
    expect(file?.modules?.map(({name, line, end_line}) => `${name} ${line}-${end_line}`)).toEqual(expected)
  })
})

/** Of the first file: `written → path` */
async function importsIn(code: Code): Promise<readonly string[]> {
  const {files} = await read(code)
  const [first] = Object.keys(code)
  const imports = files.find(({path}) => path === first)?.imports ?? []
  return imports.map(({written, path}) => `${written} → ${path ?? '?'}`)
}

describe('imports', () => {
  it.each<[string, Code, readonly string[]]>([
    [
      'every form',
      {
        'src/a.ts':
          "import x from './x.ts'\nimport './y.js'\nimport type {T} from \"./z\"\nimport q = require('./q')\nexport * from './all'\nexport {r} from './r.mjs'\nconst s = require('./s'), t = await import('./t?raw')\nimport n from 'node:fs'\nimport(name)\n",
        'src/x.ts': '',
        'src/y.ts': '',
        'src/z/index.tsx': '',
        'src/q.json': '{}',
        'src/all.d.ts': '',
        'src/r.mts': '',
        'src/s.js': '',
        'src/t.vue': '',
      },
      [
        './x.ts → src/x.ts',
        './y.js → src/y.ts',
        './z → src/z/index.tsx',
        './q → src/q.json',
        './all → src/all.d.ts',
        './r.mjs → src/r.mts',
        './s → src/s.js',
        './t?raw → src/t.vue',
        'node:fs → ?',
      ],
    ],
    [
      'folders above, the folder itself, and none outside',
      {
        'a/b/c.js': "require('..');require('.');require('../../../x');require('../d/');require('.../x')",
        'a/index.js': '',
        'a/b/index.js': '',
        'a/d/index.js': '',
        'x.js': '',
      },
      ['.. → a/index.js', '. → a/b/index.js', '../../../x → ?', '../d/ → a/d/index.js', '.../x → ?'],
    ],
    [
      'names of a configuration, the nearest first',
      {
        'web/src/a.ts': "import '@/b'\nimport '~lib'\nimport 'src/b'\nimport '@/none'",
        'tsconfig.json': '{"compilerOptions": {"paths": {"@/*": ["./wrong/*"]}}}',
        'web/tsconfig.json':
          '{\n  // where "things" are\n  "compilerOptions": /* a */ {"baseUrl": ".", "paths": {"@/*": ["./gone/*", "./src/*"], "~lib": ["../lib/x.ts"], /* , */ }},\n} // end',
        'web/src/b.ts': '',
        'wrong/b.ts': '',
        'lib/x.ts': '',
      },
      ['@/b → web/src/b.ts', '~lib → lib/x.ts', 'src/b → web/src/b.ts', '@/none → ?'],
    ],
    [
      'packages of the same repository, and names inside of one',
      {
        'packages/app/a.js':
          "import '@acme/core'\nimport '@acme/core/util/x'\nimport '#db'\nimport '#in/y.js'\nimport 'core'",
        'packages/app/package.json':
          '{"name": "app", "imports": {"#db": {"node": "./db.js"}, "#in/*": "./internal/*"}}',
        'packages/app/db.js': '',
        'packages/app/internal/y.js': '',
        'packages/core/package.json': '{"name": "@acme/core", "main": "dist/index.js"}',
        'packages/core/src/index.ts': '',
        'packages/core/src/util/x.ts': '',
      },
      [
        '@acme/core → packages/core/src/index.ts',
        '@acme/core/util/x → packages/core/src/util/x.ts',
        '#db → packages/app/db.js',
        '#in/y.js → packages/app/internal/y.js',
        'core → ?',
      ],
    ],
    [
      'configurations that are none',
      {
        'a.ts': "import '@/b'",
        'tsconfig.json': '{"compilerOptions": {"paths": [1]}}',
        'x/tsconfig.json': 'nonsense',
        'package.json': '[]',
        'y/package.json': '{"name": 1, "imports": "x"}',
        'b.ts': '',
      },
      ['@/b → ?'],
    ],
    [
      'Python: of a package, of the same folder, of one beside',
      {
        'pkg/sub/a.py':
          'import pkg.b as b, os\nfrom . import c, d\nfrom .. import b\nfrom ..other.e import f\nfrom pkg import sub, nothing\nfrom .gone import x\nfrom __future__ import annotations\nimport logging\ndef late():\n    import pkg.other\n',
        'pkg/__init__.py': '',
        'pkg/b.py': '',
        'pkg/logging.py': '',
        'pkg/sub/__init__.py': '',
        'pkg/sub/c.py': '',
        'pkg/other/__init__.py': '',
        'pkg/other/e.py': '',
      },
      [
        'pkg.b → pkg/b.py',
        'os → ?',
        '. → pkg/sub/__init__.py',
        '.c → pkg/sub/c.py',
        '..b → pkg/b.py',
        '..other.e → pkg/other/e.py',
        'pkg → pkg/__init__.py',
        'pkg.sub → pkg/sub/__init__.py',
        '.gone → ?',
        'logging → ?',
        'pkg.other → pkg/other/__init__.py',
      ],
    ],
    [
      'Python: below src, and scripts beside each other',
      {
        'tests/test_a.py': 'from acme.db import store\nimport helper\nfrom acme import *\n',
        'tests/helper.py': '',
        'services/one/src/acme/__init__.py': '',
        'services/one/src/acme/db/__init__.py': '',
        'services/one/src/acme/db/store.py': '',
      },
      [
        'acme.db.store → services/one/src/acme/db/store.py',
        'helper → tests/helper.py',
        'acme → services/one/src/acme/__init__.py',
      ],
    ],
    [
      'Elixir: declared, named only, by short names, in lists, in other modules of the file',
      {
        'lib/a.ex':
          'defmodule Shop.A do\n  use GenServer\n  alias Shop.{Cart, Mail}\n  alias Shop.Order, as: O\n  import Ecto.Query, only: [from: 2]\n  use Plug, Some.Option\n  def l, do: Late.x(Logger)\n  require Logger\n  alias __MODULE__.In\n  @behaviour Shop.Behaviour\n  def f(x), do: Shop.Far.go(Cart.x(O.y(x))) |> Enum.map(& &1)\n  defmodule In do\n    def g, do: %Shop.Struct{}\n  end\nend\n',
        'lib/b.ex': 'defmodule Shop do\nend\ndefmodule Shop.Cart do\nend\ndefmodule Shop.Far do\nend\n',
        'lib/c.ex': 'defmodule Shop.Order do\nend\ndefmodule Shop.Struct do\nend',
        'lib/d.ex': 'defmodule Shop.Mail do\nend',
        'lib/e.ex': 'defmodule Shop.Mail do\nend',
      },
      [
        'GenServer → ?',
        'Shop.Cart → lib/b.ex',
        'Shop.Mail → ?',
        'Shop.Order → lib/c.ex',
        'Ecto.Query → ?',
        'Plug → ?',
        'Logger → ?',
        'Shop.Behaviour → ?',
        'Shop.Far → lib/b.ex',
        'Shop.Struct → lib/c.ex',
      ],
    ],
    [
      'Elixir: a file without a module',
      {
        'config/config.exs': 'import Config\nconfig :shop, Shop.Repo, pool: 1\n',
        'lib/r.ex': 'defmodule Shop.Repo do\nend',
      },
      ['Config → ?', 'Shop.Repo → lib/r.ex'],
    ],
    ['a broken file', {'a.ts': "import './b'\nfunction (", 'b.ts': ''}, ['./b → b.ts']],
  ])('%s', async (_, code, expected) => {
    expect(await importsIn(code)).toEqual(expected)
  })
})

const shop: Code = {
  'README.md': '# Shop\nneedle\n',
  'package.json': '{"name": "shop"}',
  'src/app.ts':
    "import {total} from './cart'\nimport express from 'express'\nimport './made.css'\nexport const run = () => total([])\n",
  'src/cart.ts':
    "import {round} from './money'\nexport function total(items) { return round(items.length) }\nclass Cart { add(a, b) {} }\n",
  'src/money.ts': "import './app'\nexport const round = (x) => x\n",
  'src/alone.ts': 'function unused() {}\n// needle',
  'src/[id].ts': '',
  'test/cart.test.ts': "import {total} from '../src/cart'\n",
  'test/alone.test.ts': '',
  'test/app/other.test.ts': "import '../../src/app'\n",
  'native/x.go': 'package x\n',
  'big.min.js': `x(${'1,'.repeat(5000)})`,
}

describe('findFiles', () => {
  it.each<[FilesQuery, readonly string[]]>([
    [{}, Object.keys(shop).toSorted()],
    [{path: 'src/*.ts', type: 'main'}, ['src/[id].ts', 'src/alone.ts', 'src/app.ts', 'src/cart.ts', 'src/money.ts']],
    [{path: 'src/[id].ts'}, ['src/[id].ts']],
    [{path: '/test'}, ['test/alone.test.ts', 'test/app/other.test.ts', 'test/cart.test.ts']],
    [{path: '*.ts', contains: 'needle'}, ['src/alone.ts']],
    [{extension: 'MD'}, ['README.md']],
    [{extension: '.test.ts'}, ['test/alone.test.ts', 'test/app/other.test.ts', 'test/cart.test.ts']],
    [{type: 'docs'}, ['README.md']],
    [{type: 'config'}, ['package.json']],
    [{type: 'test', contains: 'needle'}, []],
  ])('%j', async (query, expected) => {
    expect(FilesQuery.safeParse(query).success).toBe(true)
    expect(findFiles(await read(shop), query).map(({path}) => path)).toEqual(expected)
  })
  it.each([
    ['lib/a.ex', 'main'],
    ['a.go', 'main'],
    ['test/a_test.exs', 'test'],
    ['src/a.spec.ts', 'test'],
    ['tests/data.json', 'test'],
    ['mix.exs', 'config'],
    ['config/runtime.exs', 'config'],
    ['.gitignore', 'config'],
    ['.github/workflows/ci.yml', 'config'],
    ['vite.config.ts', 'config'],
    ['Dockerfile', 'config'],
    ['requirements-dev.txt', 'config'],
    ['LICENSE', 'docs'],
    ['docs/guide.rst', 'docs'],
  ])('%s is %s', async (path, type) => {
    expect(findFiles(await read({[path]: 'a\nb'}), {})).toEqual([
      {path, type, language: expect.toSatisfy((each) => each === null || languages.includes(each)), lines: 2},
    ])
  })
})

describe('findFunctions', () => {
  it.each<[FunctionsQuery, readonly string[]]>([
    [{name: 'total'}, ['src/cart.ts total']],
    [{name: 't*l'}, ['src/cart.ts total']],
    [{name: '*u*d'}, ['src/alone.ts unused', 'src/money.ts round']],
    [
      {name: '*'},
      ['src/alone.ts unused', 'src/app.ts run', 'src/cart.ts total', 'src/cart.ts add', 'src/money.ts round'],
    ],
    [{name: 'tot'}, []],
    [{name: 'total*total'}, []],
    [{file: 'src/cart.ts', arity: 2}, ['src/cart.ts add']],
    [
      {file: 'src/*'},
      ['src/alone.ts unused', 'src/app.ts run', 'src/cart.ts total', 'src/cart.ts add', 'src/money.ts round'],
    ],
    [{module: 'Cart'}, ['src/cart.ts add']],
    [{module: '*'}, ['src/cart.ts add']],
    [{module: 'Nope'}, []],
    [{visibility: 'private'}, []],
  ])('%j', async (query, expected) => {
    expect(FunctionsQuery.safeParse(query).success).toBe(true)
    expect(findFunctions(await read(shop), query).map(({path, name}) => `${path} ${name}`)).toEqual(expected)
  })
})

describe('findDependencies', () => {
  it.each<[string, unknown]>([
    [
      'src/app.ts',
      {
        paths: ['src/app.ts'],
        imports: [{path: 'src/cart.ts', written: './cart'}],
        external: ['express'],
        unresolved: ['./made.css'],
      },
    ],
    [
      'Cart',
      {paths: ['src/cart.ts'], imports: [{path: 'src/money.ts', written: './money'}], external: [], unresolved: []},
    ],
    ['native/x.go', {paths: ['native/x.go'], imports: null, external: null, unresolved: null}],
    ['big.min.js', {paths: ['big.min.js'], imports: null, external: null, unresolved: null}],
    ['nope', {paths: [], imports: null, external: null, unresolved: null}],
  ])('%s', async (of, expected) => {
    expect(findDependencies(await read(shop), {of})).toEqual({of, ...Object(expected)})
  })
  it('takes the files of one class together', async () => {
    const code = {'a.ts': "import './b'\nimport './c'\nclass K {}", 'b.ts': "import './a'\nclass K {}", 'c.ts': ''}
    expect(findDependencies(await read(code), {of: 'K'})).toMatchObject({
      paths: ['a.ts', 'b.ts'],
      imports: [{path: 'c.ts', written: './c'}],
    })
  })
})

describe('findRelated', () => {
  it.each<[RelatedQuery, unknown]>([
    [
      {to: 'src/cart.ts'},
      [
        ['src/app.ts', 1, 'imported-by'],
        ['src/money.ts', 1, 'imports'],
        ['test/cart.test.ts', 1, 'imported-by', 'tested-by'],
      ],
    ],
    [{to: 'src/alone.ts'}, [['test/alone.test.ts', 1, 'tested-by']]],
    [{to: 'test/alone.test.ts'}, [['src/alone.ts', 1, 'tests']]],
    [
      {to: 'Cart', depth: 2},
      [
        ['src/app.ts', 1, 'imported-by'],
        ['src/money.ts', 1, 'imports'],
        ['test/cart.test.ts', 1, 'imported-by', 'tested-by'],
        ['test/app/other.test.ts', 2, 'imported-by'],
      ],
    ],
    [{to: 'native/x.go'}, []],
    [{to: 'nope'}, null],
  ])('%j', async (query, expected) => {
    const related = findRelated(await read(shop), query)
    expect(related?.map(({path, distance, how}) => [path, distance, ...how]) ?? null).toEqual(expected)
  })
  it.each([
    ['lib/shop/mail.ex', 'test/shop/mail_test.exs', true],
    ['lib/shop/mail.ex', 'test/web/mail_test.exs', false],
    ['src/db/store.py', 'tests/test_store.py', true],
    ['src/db/store.py', 'tests/db/store_test.py', true],
    ['src/store.ts', 'src/__tests__/store.spec.ts', true],
    ['src/store.ts', 'src/stores.test.ts', false],
    ['src/Latest.ts', 'src/La.test.ts', false],
  ])('%s and %s', async (path, test, expected) => {
    expect((findRelated(await read({[path]: '', [test]: ''}), {to: path}) ?? []).length > 0).toBe(expected)
  })
})

describe('analyzeImpact', () => {
  it.each<[ImpactQuery, unknown, readonly string[] | null]>([
    [
      {of: 'src/money.ts'},
      [
        ['src/cart.ts', 1, 'main'],
        ['src/app.ts', 2, 'main'],
        ['test/cart.test.ts', 2, 'test'],
        ['test/app/other.test.ts', 3, 'test'],
      ],
      ['test/app/other.test.ts', 'test/cart.test.ts'],
    ],
    [{of: 'src/money.ts', depth: 1}, [['src/cart.ts', 1, 'main']], []],
    [{of: 'src/alone.ts'}, [], ['test/alone.test.ts']],
    [{of: 'native/x.go'}, null, null],
    [{of: 'nope'}, null, null],
  ])('%j', async (query, dependents, tests) => {
    const impact = analyzeImpact(await read(shop), query)
    expect(impact.dependents?.map(({path, distance, type}) => [path, distance, type]) ?? null).toEqual(dependents)
    expect(impact.tests).toEqual(tests)
  })
})

describe('queries', () => {
  it.each([
    [FilesQuery, {path: 'a', of: 'b'}],
    [FilesQuery, {path: '**/a/**/b/**/c/**/d'}],
    [FilesQuery, {path: ''}],
    [FilesQuery, {type: 'other'}],
    [FunctionsQuery, {arity: -1}],
    [FunctionsQuery, {nmae: 'x'}],
    [DependenciesQuery, {}],
    [RelatedQuery, {to: 'a', depth: 0}],
    [ImpactQuery, {of: 'a', depth: 1.5}],
  ])('%# %j is refused', (schema, query) => {
    expect(schema.safeParse(query).success).toBe(false)
  })
})

describe('facts', () => {
  it('say what could not be read, are plain JSON, and the same in any order', async () => {
    const facts = await read(shop)
    expect(facts.skipped).toEqual([{file: 'big.min.js', why: 'minified: a line is longer than 5000 characters'}])
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts)
    expect(await read(Object.fromEntries(Object.entries(shop).toReversed()))).toEqual(facts)
    expect(await read({})).toEqual({files: [], skipped: []})
  })

  it('hold for any path and text', async () => {
    const part = fc.constantFrom('..', '.', 'a', 'b', '', '__proto__', 'index', 'constructor', '__init__', '*', '$&')
    const path = fc.array(part, {minLength: 1, maxLength: 4}).map((parts) => parts.join('/'))
    const statement = fc
      .tuple(fc.constantFrom(0, 1, 2, 3), path)
      .map(
        ([form, to]) =>
          [`import '${to}'\n`, `from ${to.replaceAll('/', '.')} import a\n`, `alias ${to}\n`, `{"name": "${to}"}`][
            form
          ],
      )
    const file = fc.tuple(
      path,
      fc.constantFrom('.ts', '.py', '.ex', '.js', '/package.json', '/tsconfig.json'),
      statement,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(file, {maxLength: 6}), path, async (files, of) => {
        const code = new Map(files.map(([path, ending, text]) => [path + ending, text ?? '']))
        const facts = await factsOf(
          [...code].map(([path, text]) => ({path, text})),
          parse,
        )
        const paths = facts.files.map((each) => each.path)
        const named = facts.files.flatMap(({imports}) => (imports ?? []).flatMap((each) => each.path ?? []))
        for (const each of named) expect(paths).toContain(each)
        findRelated(facts, {to: of, depth: 3})
        analyzeImpact(facts, {of})
        findFunctions(facts, {name: of, file: of})
      }),
      {numRuns: 60},
    )
  })
})

test('this repository', async () => {
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(home, folder), {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  )
  const facts = await factsOf(
    files.map((path) => ({path, text: readFileSync(join(home, path), 'utf8')})),
    parse,
  )
  const unresolved = files
    .filter((path) => path.startsWith('src/'))
    .flatMap((of) => findDependencies(facts, {of}).unresolved ?? [])
  expect(unresolved).toEqual([])
  expect(findFunctions(facts, {name: 'messageOf', visibility: 'public'})).toEqual([
    expect.objectContaining({path: 'src/errors.ts', arity: 1, visibility: 'public', module: null}),
  ])
  expect(findFunctions(facts, {module: 'Failure'}).map(({name}) => name)).toEqual(['constructor'])
  const {dependents, tests} = analyzeImpact(facts, {of: 'src/errors.ts'})
  const at = (distance: number): readonly string[] =>
    (dependents ?? []).filter((each) => each.distance === distance).map(({path}) => path)
  // by the text: whoever names the file
  const direct = facts.files.filter(({text}) => /from '[./]+(?:src\/)?errors\.ts'/.test(text)).map(({path}) => path)
  expect(at(1)).toEqual(direct)
  expect(at(2)).toContain('src/index.ts')
  expect(tests).toContain('test/adapters/exchange.test.ts')
  expect(analyzeImpact(facts, {of: 'Failure'}).dependents).toEqual(dependents)
})
