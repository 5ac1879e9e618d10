import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {TextFile, Texts} from '../../src/pack/read.ts'
import {surroundingsOf} from '../../src/pack/surroundings.ts'

const fileOf = ([path, text]: readonly [string, string]): TextFile => ({path, text, digest: path, masked: []})
const textsOf = (files: Readonly<Record<string, string>>): Texts => ({
  files: Object.entries(files).map(fileOf),
  leftOut: [],
})
const around = (files: Readonly<Record<string, string>>, ...changed: readonly string[]): readonly string[] =>
  surroundingsOf(textsOf(files), changed).files.map(({path}) => path)

describe('what stands around a change', () => {
  test.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    ['itself', {'a/one.ts': '', 'b/two.ts': ''}, ['a/one.ts'], ['a/one.ts']],
    [
      'who imports it',
      {'a/user.ts': "import '../b/store'", 'b/store.ts': '', 'c/far.ts': ''},
      ['b/store.ts'],
      ['b/store.ts', 'a/user.ts'],
    ],
    [
      'whom it imports',
      {'a/user.ts': "import '../b/store.js'", 'b/store.ts': ''},
      ['a/user.ts'],
      ['a/user.ts', 'b/store.ts'],
    ],
    [
      'who names its module',
      {'lib/a.ex': 'Shop.Mail.send(x)', 'web/mailer.ex': 'defmodule Shop.Mail do\nend'},
      ['web/mailer.ex'],
      ['web/mailer.ex', 'lib/a.ex'],
    ],
    [
      'whose module it names',
      {'lib/a.ex': 'Shop.Mail.send(x)', 'web/mailer.ex': 'defmodule Shop.Mail do\nend'},
      ['lib/a.ex'],
      ['lib/a.ex', 'web/mailer.ex'],
    ],
    [
      'its folder, after who speaks of it',
      {'a/other.py': '', 'a/store.py': '', 'b/x.py': 'from a import store'},
      ['a/store.py'],
      ['a/store.py', 'b/x.py', 'a/other.py'],
    ],
    [
      'a folder named by its index',
      {'store/index.ts': '', 'app.ts': "from './store'", 'c/far.ts': 'index'},
      ['store/index.ts'],
      ['store/index.ts', 'app.ts'],
    ],
    [
      'a file that is gone, by who still speaks of it',
      {'a/x.ts': "from '../b/store'", 'c/far.ts': ''},
      ['b/store.ts'],
      ['a/x.ts'],
    ],
    ['no part of another word', {'a/x.ts': 'restored stores', 'b/store.ts': ''}, ['b/store.ts'], ['b/store.ts']],
    [
      'no word of prose',
      {'a/x.ts': '// keep it in the store\nstore(x)', 'b/store.ts': ''},
      ['b/store.ts'],
      ['b/store.ts'],
    ],
    [
      'an import over several lines',
      {'a/x.ts': "import {\n  y,\n} from '../b/store.ts'", 'b/store.ts': ''},
      ['b/store.ts'],
      ['b/store.ts', 'a/x.ts'],
    ],
    [
      'a package of Go',
      {'a/x.go': 'import (\n\t"fmt"\n\t"acme/store"\n)', 'store/store.go': ''},
      ['store/store.go'],
      ['store/store.go', 'a/x.go'],
    ],
    ['no name that stands everywhere', {'a/x.ts': 'a b io', 'b/io.ts': ''}, ['b/io.ts'], ['b/io.ts']],
    [
      'a name with a dot',
      {'a/x.ts': "from '../b/cart.service'", 'b/cart.service.ts': ''},
      ['b/cart.service.ts'],
      ['b/cart.service.ts', 'a/x.ts'],
    ],
  ])('%s', (_, files, changed, expected) => {
    expect(around(files, ...changed)).toEqual(expected)
  })

  test('every file is shown or left out, once, and what changed is shown first', () => {
    const path = fc.stringMatching(/^[a-c]\/[a-d]{3}\.(ts|ex)$/)
    const files = fc.uniqueArray(fc.tuple(path, fc.stringMatching(/^([a-d]{3} ){0,4}$/)), {selector: ([each]) => each})
    fc.assert(
      fc.property(files, fc.array(path, {maxLength: 3}), (all, changed) => {
        const {files: shown, leftOut} = surroundingsOf(textsOf(Object.fromEntries(all)), changed)
        const told = [...shown, ...leftOut].map((each) => each.path)
        expect(told.toSorted()).toEqual(all.map(([each]) => each).toSorted())
        const known = all.filter(([each]) => changed.includes(each)).length
        expect(shown.slice(0, known).every((each) => changed.includes(each.path))).toBe(true)
      }),
    )
  })
})
