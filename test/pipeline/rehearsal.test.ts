/** Answers of the right form without anybody who answers. */
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {openWorkspace} from '../../src/adapters/workspace.ts'
import {rehearsal, sampleOf, unwritten} from '../../src/pipeline/rehearsal.ts'
import {checkOf} from '../../src/pipeline/structured.ts'
import type {JsonSchema} from '../../src/provider.ts'
import {planSchema} from '../../src/plan/reply.ts'
import type {Workspace} from '../../src/pipeline/workspace.ts'
import {failureOf, nonce, runText, withSteps} from './scripted.ts'

const isValid = (schema: JsonSchema): unknown => {
  const sample = sampleOf(schema)
  const read = checkOf(schema)(sample)
  return read.ok ? true : {sample, errors: read.errors}
}

const mapping = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
})
const listOf = (items: JsonSchema): JsonSchema => ({type: 'array', items})

describe('a sample has the form', () => {
  test.each<[string, JsonSchema]>([
    ['anything', {}],
    ['a text', {type: 'string'}],
    ['a long text', {type: 'string', minLength: 20}],
    ['an integer', {type: 'integer'}],
    ['a number from', {type: 'number', minimum: 2.5}],
    ['a number to', {type: 'number', maximum: -3}],
    ['a number above', {type: 'integer', exclusiveMinimum: 3}],
    ['yes or no', {type: 'boolean'}],
    ['nothing', {type: 'null'}],
    ['one of several', {enum: ['a', 'b']}],
    ['nothing or a text', {type: ['null', 'string']}],
    ['any of', {anyOf: [{type: 'integer', minimum: 4}, {type: 'string'}]}],
    ['one of', {oneOf: [{type: 'string', minLength: 9}, {type: 'null'}]}],
    ['a list', {type: 'array', items: {type: 'string'}}],
    ['a long list', {type: 'array', items: {type: 'integer'}, minItems: 3}],
    ['an empty list', {type: 'array', items: {type: 'integer'}, maxItems: 0}],
    [
      'a mapping',
      {
        type: 'object',
        properties: {a: {type: 'string'}, b: {type: 'array'}},
        required: ['a', 'b'],
        additionalProperties: false,
      },
    ],
    ['a mapping of anything', {type: 'object', additionalProperties: {type: 'integer'}}],
    ['a mapping with a key of no form', {type: 'object', required: ['a'], properties: {}}],
    ['a definition', {$ref: '#/$defs/x', $defs: {x: {type: 'integer'}}}],
    [
      'a list of itself',
      {type: 'object', properties: {next: {anyOf: [{$ref: '#'}, {type: 'null'}]}}, required: ['next']},
    ],
    ['a short text', {type: 'string', maxLength: 2}],
    ['a number below', {type: 'integer', exclusiveMaximum: 1}],
    ['a multiple', {type: 'integer', multipleOf: 5}],
    ['a multiple of a part', {type: 'number', multipleOf: 0.1, minimum: 0.25}],
    ['an integer from', {type: 'integer', minimum: 2.5}],
    ['all of', {allOf: [mapping({x: {type: 'string'}}), mapping({y: {type: 'integer'}})]}],
    [
      'all of, by name',
      {allOf: [{$ref: '#/$defs/x'}, mapping({y: {type: 'integer'}})], $defs: {x: mapping({x: {type: 'string'}})}},
    ],
    ['a tuple', {type: 'array', prefixItems: [{type: 'string'}, {type: 'integer'}], items: false}],
    [
      'a tree',
      {
        $ref: '#/$defs/node',
        $defs: {node: mapping({name: {type: 'string'}, children: listOf({$ref: '#/$defs/node'})})},
      },
    ],
    [
      'two that hold each other',
      {
        $ref: '#/$defs/a',
        $defs: {
          a: mapping({b: {anyOf: [{$ref: '#/$defs/b'}, {type: 'null'}]}}),
          b: mapping({a: {anyOf: [{$ref: '#/$defs/a'}, {type: 'string'}]}}),
        },
      },
    ],
    ['a date', {type: 'string', format: 'date'}],
    ['an address', {type: 'string', format: 'email'}],
    ['a link', {type: 'string', format: 'uri'}],
    ['a plan', planSchema],
  ])('%s', (_, schema) => {
    expect(isValid(schema)).toBe(true)
  })
})

/** What the steps here are written with; each schema is one that can be checked. */
const {schema: schemas} = fc.letrec<{schema: JsonSchema}>((tie) => ({
  schema: fc.oneof(
    {maxDepth: 4},
    fc.record({type: fc.constant('string')}, {requiredKeys: ['type']}),
    fc.record({type: fc.constant('string'), minLength: fc.nat(30)}),
    fc.record({type: fc.constantFrom('number', 'integer'), minimum: fc.integer({min: -50, max: 50})}),
    fc.record({type: fc.constantFrom('number', 'integer'), maximum: fc.integer({min: -50, max: 50})}),
    fc.record({type: fc.constantFrom('number', 'integer'), exclusiveMinimum: fc.integer({min: -50, max: 50})}),
    fc.record({type: fc.constantFrom('boolean', 'null')}),
    fc.record({type: fc.constant('string'), enum: fc.uniqueArray(fc.string(), {minLength: 1, maxLength: 3})}),
    fc.record({const: fc.oneof(fc.string(), fc.integer(), fc.boolean())}),
    fc.record({anyOf: fc.array(tie('schema'), {minLength: 1, maxLength: 3})}),
    fc
      .tuple(tie('schema'), fc.nat(3), fc.nat(3))
      .map(([items, minItems, more]) => ({type: 'array', items, minItems, maxItems: minItems + more})),
    fc
      .tuple(fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), tie('schema'), {maxKeys: 4}), fc.boolean())
      .map(([properties, isOpen]) => ({
        type: 'object',
        properties,
        required: Object.keys(properties),
        ...(isOpen ? {} : {additionalProperties: false}),
      })),
  ),
}))

test('a sample of any such schema has its form', () => {
  fc.assert(
    fc.property(schemas, (schema) => {
      expect(isValid(schema)).toBe(true)
    }),
    {numRuns: 500},
  )
})

test('a sample of one value is that one', () => {
  expect(sampleOf({const: {x: [1]}})).toEqual({x: [1]})
})

test.each([6, 30])('a schema that leads back to itself %i times over is no work', (many) => {
  const keys = Array.from({length: many}, (_, at) => `c${at}`)
  const node = mapping(Object.fromEntries(keys.map((key) => [key, {$ref: '#/$defs/n'}])))
  const start = performance.now()
  expect(sampleOf({$ref: '#/$defs/n', $defs: {n: node}})).toMatchObject({c0: {}})
  expect(performance.now() - start).toBeLessThan(1_000)
})

test('a sample of a schema that makes no sense is some value all the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (schema) => {
      expect(JSON.stringify(sampleOf(schema))).toBeDefined()
    }),
  )
})

describe('a run', () => {
  test('asks in the name of the step, in order, and costs nothing', async () => {
    const {ask, questions} = rehearsal()
    const text = withSteps(
      '{name: a, type: claude, prompt: "one"}',
      '{name: b, type: gemini, prompt: "two {{a}}", schema: {type: object, properties: {list: {type: array, items: {type: string}}}, required: [list]}}',
      '{name: l, type: loop, over: b.list, steps: [{name: c, type: claude, prompt: "three {{item}}"}]}',
    )
    const {output, usage} = await runText(text, {ask})
    expect(questions.map(({step, request}) => [step, request.provider])).toEqual([
      ['a', 'claude'],
      ['b', 'gemini'],
      ['c', 'claude'],
    ])
    expect(questions[1]?.request.messages[0]?.text).toContain(`nonce="${nonce}">\n(what a will answer)\n`)
    expect(questions[2]?.request.messages[0]?.text).toContain('text')
    expect(output).toMatchObject({ok: true, data: {total: 1}})
    expect(usage).toEqual({calls: 0, input_tokens: 0, output_tokens: 0, usd: 0})
  })
  test('asks each question in the name of its step, also at the same time', async () => {
    const {ask, questions} = rehearsal()
    await runText(
      withSteps(
        '{name: m, type: map, tasks: [{name: x, type: claude, prompt: px}, {name: y, type: claude, prompt: py}]}',
      ),
      {ask},
    )
    expect(questions.map(({step, request}) => [step, request.messages[0]?.text])).toEqual([
      ['x', 'px'],
      ['y', 'py'],
    ])
  })
  test.each([
    ['json', '{}'],
    ['yaml', '{}'],
    ['text', '(what a will answer)'],
  ])('answers with %s where no schema says more', async (format, text) => {
    const {ask, questions} = rehearsal()
    const {output} = await runText(withSteps(`{name: a, type: claude, format: ${format}, prompt: x}`), {ask})
    expect(output.text).toBe(text)
    expect(questions).toHaveLength(1)
  })
  const rehearsed = (...steps: readonly string[]) => {
    const {ask, questions} = rehearsal()
    const run = runText(withSteps(...steps), {ask}, {reader: 'lenient', tools: {isRehearsal: true}})
    return {run, questions}
  }
  const open = '{name: a, type: claude, prompt: one, format: json}'
  test.each([
    ['a loop', '{name: l, type: loop, over: a.list, steps: [{name: b, type: claude, prompt: "{{item}}"}]}'],
    [
      'a loop over steps',
      '{name: l, type: loop, over: steps.a.list, steps: [{name: b, type: claude, prompt: "{{item}}"}]}',
    ],
    [
      'a loop over a template',
      '{name: l, type: loop, over: "{{a.list}}", steps: [{name: b, type: claude, prompt: "{{item}}"}]}',
    ],
    ['a map', '{name: l, type: map, over: a.list, steps: [{name: b, type: claude, prompt: "{{item}}"}]}'],
  ])('goes round once where an answer without a schema may hold a list: %s', async (_, step) => {
    const {run, questions} = rehearsed(open, step)
    expect((await run).output.ok).toBe(true)
    expect(questions.map(({step: name}) => name)).toEqual(['a', 'b'])
    expect(questions[1]?.request.messages[0]?.text).toContain('(an item of ')
  })
  test('makes a list of nothing where an answer without a schema may hold one', async () => {
    const {run} = rehearsed(
      open,
      '{name: t, type: transform, from: a.list, operations: [{op: sort}, {op: aggregate, function: count}]}',
    )
    expect((await run).output.data).toEqual({t: 0})
  })
  test.each([
    [
      'an answer whose schema has none',
      'a.lost',
      '{name: a, type: claude, prompt: x, schema: {type: object, properties: {n: {type: integer}}}}',
    ],
    ['an answer that is a text', 'a', '{name: a, type: claude, prompt: x}'],
    ['a value of the author', 'a.list', '{name: a, type: echo, value: {}}'],
  ])('has no list either where a run would have none: %s', async (_, over, step) => {
    const {run} = rehearsed(step, `{name: l, type: loop, over: ${over}, steps: [{name: e, type: echo, value: 1}]}`)
    expect(await failureOf(run)).toMatchObject({code: 'not-a-list'})
  })
})

describe('a folder that stays as it is', () => {
  const folderWith = (files: Readonly<Record<string, string>>): string => {
    const folder = join(mkdtempSync(join(tmpdir(), 'rehearsal-')), 'work')
    mkdirSync(folder)
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
    return folder
  }
  test('what is written is read again', async () => {
    const folder = folderWith({a: 'one', b: 'two', c: 'three'})
    const work = unwritten(openWorkspace(folder))
    await work.write('n', 'new')
    await work.edit('a', 'one', '$& 1')
    await work.copy('b', 'm')
    await work.move('c', 'd')
    expect(await Promise.all(['n', 'a', 'm', 'd', 'b'].map(work.read))).toEqual(['new', '$& 1', 'two', 'three', 'two'])
    expect(await work.look('n')).toEqual({path: 'n', kind: 'file', size: 3})
    expect(await work.look('c')).toBeNull()
    await work.remove('b')
    expect(await work.look('b')).toBeNull()
    expect(readdirSync(folder).toSorted()).toEqual(['a', 'b', 'c'])
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('one')
  })
  test.each([
    ['removed', async (work: Workspace) => work.remove('a')],
    ['moved', async (work: Workspace) => work.move('a', 'z')],
  ])('what was %s cannot be read', async (_, act) => {
    const work = unwritten(openWorkspace(folderWith({a: 'one'})))
    await act(work)
    expect(await failureOf(work.read('a'))).toMatchObject({code: 'no-such-file'})
  })
  test.each([
    ['no-such-text', 'none'],
    ['ambiguous-text', 'o'],
  ])('an edit that would fail does: %s', async (code, before) => {
    const work = unwritten(openWorkspace(folderWith({a: 'foo'})))
    expect(await failureOf(work.edit('a', before, 'x'))).toMatchObject({code})
  })
  test.each([
    ['is a folder', 'is-a-folder', async (work: Workspace) => work.write('d', 'x')],
    ['leads out of it', 'outside', async (work: Workspace) => work.write('../x', 'x')],
    ['is not there to be removed', 'no-such-file', async (work: Workspace) => work.remove('none')],
    ['went with its folder', 'no-such-file', async (work: Workspace) => work.remove('d').then(() => work.read('d/e'))],
  ])('what would be refused is: it %s', async (_, code, act) => {
    const folder = folderWith({a: 'one'})
    mkdirSync(join(folder, 'd'))
    writeFileSync(join(folder, 'd', 'e'), 'x')
    expect(await failureOf(act(unwritten(openWorkspace(folder))))).toMatchObject({code})
    expect(readdirSync(folder).toSorted()).toEqual(['a', 'd'])
  })
  test('what is written is listed, and what is removed is not', async () => {
    const work = unwritten(openWorkspace(folderWith({a: 'one', b: 'two'})))
    await work.write('./n/m/x', '1')
    await work.write('n/y', '2')
    await work.remove('a')
    const paths = async (folder: string, recursive: boolean): Promise<readonly string[]> =>
      (await work.list(folder, {recursive})).map(({path}) => path)
    expect(await paths('.', false)).toEqual(['b', 'n'])
    expect(await paths('n', false)).toEqual(['n/m', 'n/y'])
    expect(await paths('.', true)).toEqual(['b', 'n/m/x', 'n/y'])
    await work.remove('n/m/x')
    expect(await paths('n', true)).toEqual(['n/y'])
  })
  test('without a folder all is there', async () => {
    const work = unwritten(null)
    expect(await work.read('any')).toBe('(text)')
    await work.write('any', 'mine')
    expect(await work.read('any')).toBe('mine')
    expect((await work.list('.')).map(({path}) => path)).toEqual(['any'])
  })
})
