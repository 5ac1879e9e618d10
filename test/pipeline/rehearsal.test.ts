/** Answers of the right form without anybody who answers. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {rehearsal, sampleOf} from '../../src/pipeline/rehearsal.ts'
import {checkOf} from '../../src/pipeline/structured.ts'
import type {JsonSchema} from '../../src/provider.ts'
import {planSchema} from '../../src/plan/reply.ts'
import {nonce, runText, withSteps} from './scripted.ts'

const isValid = (schema: JsonSchema): unknown => {
  const sample = sampleOf(schema)
  const read = checkOf(schema)(sample)
  return read.ok ? true : {sample, errors: read.errors}
}

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
})
