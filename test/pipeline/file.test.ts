/** Files of a real folder, and nothing around it. */
import {existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {openWorkspace} from '../../src/adapters/workspace.ts'
import type {Trace} from '../../src/pipeline/step.ts'
import {failureOf, runText, scripted, withSteps} from './scripted.ts'

const files = {
  'a.txt': 'one\n two \n',
  'dir/b.txt': 'b',
  'dir/c.md': 'c',
  'x.csv': 'k,v\na,1\nb,"2,3"\n',
  'x.json': '[{"k": "a", "v": 1}, {"k": "b", "v": [2]}]',
  'x.yaml': 'k: [1, two]\n',
}

function folder(): string {
  const root = join(mkdtempSync(join(tmpdir(), 'file-')), 'work')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), text)
  }
  return root
}
const run = (root: string, ...settings: readonly string[]): Promise<Trace> => {
  const steps = settings.map((each, at) => `{name: f${at}, type: file, ${each}}`)
  const before = '{name: a, type: echo, value: {path: dir/new.txt, text: "T", data: {k: 1}}}'
  return runText(withSteps(before, ...steps), scripted(), {tools: {workspace: openWorkspace(root)}, reader: 'lenient'})
}
const textAt = (root: string, path: string): string | null =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null

describe('what it writes', () => {
  test.each([
    ['write', 'operation: write, path: n.txt, content: new', 'n.txt', 'new'],
    ['write over', 'operation: write, path: a.txt, content: new', 'a.txt', 'new'],
    ['write templates', 'operation: write, path: "{{a.path}}", content: "{{a.text}}!"', 'dir/new.txt', 'T!'],
    ['write data', 'operation: write, path: n.json, content: "{{a.data}}"', 'n.json', '{\n  "k": 1\n}\n'],
    [
      'write a value of its own',
      'operation: write, path: n.json, content: {k: ["{{a.text}}"]}',
      'n.json',
      '{\n  "k": [\n    "T"\n  ]\n}\n',
    ],
    ['append', 'operation: append, path: a.txt, content: three', 'a.txt', 'one\n two \nthree'],
    ['append to nothing', 'operation: append, path: n.txt, content: x', 'n.txt', 'x'],
    ['edit', 'operation: edit, path: a.txt, before: two, after: "2"', 'a.txt', null],
    ['edit away', 'operation: edit, path: a.txt, before: " two \\n", after: ""', 'a.txt', null],
    ['copy', 'operation: copy, path: dir/b.txt, to: n/m.txt', 'n/m.txt', 'b'],
    ['stream_copy', 'operation: stream_copy, source: dir/b.txt, destination: m.txt', 'm.txt', 'b'],
    ['move', 'operation: move, path: dir/b.txt, to: m.txt', 'm.txt', 'b'],
    ['delete', 'operation: delete, path: dir/b.txt', 'dir/b.txt', null],
    ['delete a folder', 'operation: delete, path: dir', 'dir/c.md', null],
    [
      'csv_to_json',
      'operation: convert, path: x.csv, to: n.json, format: csv_to_json',
      'n.json',
      '[\n  {\n    "k": "a",\n    "v": "1"\n  },\n  {\n    "k": "b",\n    "v": "2,3"\n  }\n]\n',
    ],
    ['json_to_csv', 'operation: convert, path: x.json, to: n.csv, format: json_to_csv', 'n.csv', 'k,v\na,1\nb,[2]\n'],
    [
      'yaml_to_json',
      'operation: convert, path: x.yaml, to: n.json, format: yaml_to_json',
      'n.json',
      '{\n  "k": [\n    1,\n    "two"\n  ]\n}\n',
    ],
    [
      'json_to_yaml',
      'operation: convert, path: x.json, to: n.yaml, format: json_to_yaml',
      'n.yaml',
      '- k: a\n  v: 1\n- k: b\n  v:\n    - 2\n',
    ],
    ['uppercase', 'operation: process, path: a.txt, processor: uppercase', 'a.txt', 'ONE\n TWO \n'],
    ['trim', 'operation: stream_process, source: a.txt, processor: trim', 'a.txt', 'one\ntwo\n'],
    [
      'replace',
      'operation: process, path: a.txt, processor: replace, pattern: o, replacement: "$&0"',
      'a.txt',
      '$&0ne\n tw$&0 \n',
    ],
    ['identity', 'operation: process, path: a.txt, processor: identity', 'a.txt', 'one\n two \n'],
  ])('%s', async (name, settings, path, expected) => {
    const root = folder()
    const {output, steps} = await run(root, settings)
    expect(output.ok).toBe(true)
    expect(steps.at(-1)?.acts).toMatchObject([{ok: true}])
    if (name === 'edit') expect(textAt(root, path)).toMatch(/^one\n 2 \n$/)
    else if (name === 'edit away') expect(textAt(root, path)).toMatch(/^one\n$/)
    else expect(textAt(root, path)).toBe(expected)
  })
})

describe('what it finds', () => {
  test('read', async () => {
    const {output} = await run(folder(), 'operation: read, path: a.txt')
    expect(output).toMatchObject({
      text: files['a.txt'],
      data: {operation: 'read', path: 'a.txt', ok: true, content: files['a.txt']},
    })
  })
  test.each([
    ['the folder', 'operation: list', ['a.txt', 'dir', 'x.csv', 'x.json', 'x.yaml']],
    ['another', 'operation: list, path: dir', ['dir/b.txt', 'dir/c.md']],
    ['below it', 'operation: list, recursive: true, pattern: "\\\\.(md|txt)$"', ['a.txt', 'dir/b.txt', 'dir/c.md']],
  ])('list: %s', async (_, settings, paths) => {
    const {output} = await run(folder(), settings)
    expect(output.text.split('\n')).toEqual(paths)
    expect(output.data).toMatchObject({count: paths.length, files: paths.map((path) => ({path}))})
  })
  test.each([
    ['{path: a.txt}', null],
    ['{path: none}', 'none is not there'],
    ['{path: none, must_exist: false}', null],
    ['{path: dir, must_be_file: true}', 'dir is not a file'],
    ['{path: dir, must_be_dir: true}', null],
    ['{path: a.txt, must_be_dir: true}', 'a.txt is not a folder'],
    ['{path: a.txt, min_size: 11}', 'a.txt has 10 bytes, fewer than 11'],
    ['{path: a.txt, max_size: 9}', 'a.txt has 10 bytes, more than 9'],
    ['{path: a.txt, min_size: 10, max_size: 10, must_be_readable: true}', null],
    ['{path: none}, {path: dir, must_be_file: true}', 'none is not there; dir is not a file'],
    ['{path: "{{a.path}}"}', 'dir/new.txt is not there'],
    ['{path: a.txt, must_be_writable: true}', null],
    ['{path: dir, must_be_dir: true, must_be_writable: true}', null],
  ])('validate %s', async (checks, wrong) => {
    const running = run(folder(), `operation: validate, files: [${checks}]`)
    if (wrong === null) expect((await running).output.ok).toBe(true)
    else expect(await failureOf(running)).toMatchObject({code: 'file-check-failed', message: `step f0: ${wrong}`})
  })
  test('validate a file that may not be written', async () => {
    const workspace = {...openWorkspace(folder()), isWritable: async () => false}
    const step = '{name: f, type: file, operation: validate, files: [{path: a.txt, must_be_writable: true}]}'
    const running = runText(withSteps(step), scripted(), {tools: {workspace}})
    expect(await failureOf(running)).toMatchObject({
      code: 'file-check-failed',
      message: 'step f: a.txt cannot be written',
    })
  })
})

describe('what it does not do', () => {
  test.each([
    ['read outside', 'operation: read, path: ../secret', 'outside'],
    ['read an absolute path', 'operation: read, path: /etc/passwd', 'outside'],
    ['write outside', 'operation: write, path: ../x, content: y', 'outside'],
    ['write outside by a template', 'operation: write, path: "../{{a.path}}", content: y', 'outside'],
    ['append outside', 'operation: append, path: ../x, content: y', 'outside'],
    ['copy outside', 'operation: copy, path: a.txt, to: ../x', 'outside'],
    ['move from outside', 'operation: move, path: ../secret, to: x', 'outside'],
    ['delete outside', 'operation: delete, path: ../secret', 'outside'],
    ['delete all', 'operation: delete, path: .', 'outside'],
    ['list outside', 'operation: list, path: ..', 'outside'],
    ['look outside', 'operation: validate, files: [{path: ../secret}]', 'outside'],
    ['convert to outside', 'operation: convert, path: x.csv, to: ../x, format: csv_to_json', 'outside'],
    ["git's own", 'operation: write, path: .git/config, content: y', 'outside'],
    ['what is not there', 'operation: read, path: none', 'no-such-file'],
    ['edit what is not there', 'operation: edit, path: a.txt, before: none, after: x', 'no-such-text'],
    ['edit what is there twice', 'operation: edit, path: a.txt, before: o, after: x', 'ambiguous-text'],
    ['convert what is none', 'operation: convert, path: a.txt, to: n.csv, format: json_to_csv', 'bad-file'],
    ['a pattern that is none', 'operation: list, pattern: "("', 'bad-pattern'],
    ['nothing to write', 'operation: write, path: x', 'bad-pipeline'],
    ['another format', 'operation: convert, path: x, to: y, format: xml_to_json', 'bad-pipeline'],
    ['a path that is no text', 'operation: read, path: "{{a.data}}"', 'bad-setting'],
    ['another operation', 'operation: chmod, path: x', 'bad-pipeline'],
  ])('%s', async (_, settings, code) => {
    const root = folder()
    writeFileSync(join(root, '..', 'secret'), 'SECRET')
    expect(await failureOf(Promise.resolve().then(() => run(root, settings)))).toMatchObject({code})
    expect(existsSync(join(root, '..', 'x'))).toBe(false)
    expect(textAt(root, '../secret')).toBe('SECRET')
    for (const [path, text] of Object.entries(files)) expect(textAt(root, path)).toBe(text)
  })
  test('a failure is its result where its author says so', async () => {
    const {output} = await run(folder(), 'operation: read, path: none, on_error: continue')
    expect(output).toMatchObject({ok: false, facts: {error: {code: 'no-such-file'}}})
  })
  test('what was written is not read as a template again', async () => {
    const root = folder()
    writeFileSync(join(root, 't'), '{{a.text}}')
    const {output} = await run(
      root,
      'operation: read, path: t',
      'operation: write, path: u, content: "{{f0}}"',
      'operation: read, path: u',
    )
    expect(output.text).toContain('{{a.text}}')
  })
})
