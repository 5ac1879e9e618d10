import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import * as z from 'zod'
import {openApiOf} from '../../src/adapters/openapi.ts'
import {planSchema} from '../../src/plan/reply.ts'
import type {JsonSchema} from '../../src/provider.ts'
import {openApiProblem} from '../fixtures/wire-rules.ts'

const text = {type: 'string'}

test.each<readonly [string, JsonSchema, JsonSchema]>([
  [
    'drops what the subset lacks',
    {$schema: 'x', type: 'object', properties: {a: text}, additionalProperties: false, required: ['a', 'gone']},
    {type: 'object', properties: {a: text}, propertyOrdering: ['a'], required: ['a']},
  ],
  ['keeps words', {...text, description: 'd', title: 't'}, {...text, description: 'd', title: 't'}],
  ['keeps limits', {...text, minLength: 1, pattern: '^x', format: 'uri'}, {...text, minLength: 1, pattern: '^x'}],
  ['text const', {const: 'a'}, {...text, enum: ['a']}],
  ['number const', {type: 'number', const: 1}, {type: 'integer', minimum: 1, maximum: 1}],
  ['number enum', {enum: [1, 2.5]}, {type: 'number', minimum: 1, maximum: 2.5, description: 'One of 1, 2.5.'}],
  ['truth', {const: true}, {type: 'boolean'}],
  ['enum with null', {enum: ['a', null]}, {...text, enum: ['a'], nullable: true}],
  ['enum with the empty text', {enum: ['', 'a']}, text],
  ['type list with null', {type: ['string', 'null']}, {...text, nullable: true}],
  ['type list', {type: ['string', 'integer']}, {anyOf: [text, {type: 'integer'}]}],
  ['union with null', {anyOf: [text, {type: 'null'}], description: 'd'}, {...text, nullable: true, description: 'd'}],
  ['union', {oneOf: [text, {type: 'boolean'}, {type: 'null'}]}, {anyOf: [text, {type: 'boolean'}], nullable: true}],
  ['only null', {type: 'null'}, text],
  ['nothing said', {}, text],
  ['array without items', {type: 'array', minItems: 2}, {type: 'array', minItems: 2, items: text}],
  [
    'tuple',
    {type: 'array', prefixItems: [text, {type: 'boolean'}]},
    {type: 'array', items: {anyOf: [text, {type: 'boolean'}]}},
  ],
  ['open object', {type: 'object', additionalProperties: text}, {type: 'object'}],
  ['limits of safe integers', z.toJSONSchema(z.int()), {type: 'integer'}],
  [
    'exclusive limits',
    {type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 5},
    {type: 'integer', minimum: 1, maximum: 4},
  ],
  ['a name of Object.prototype as type', {type: 'constructor'}, text],
  [
    'a reference',
    {$defs: {'a/b': {...text, description: 'old'}}, $ref: '#/$defs/a~1b', description: 'new'},
    {...text, description: 'new'},
  ],
  ['a reference to nowhere', {$ref: 'https://example.com/x'}, text],
  [
    'a reference to itself',
    {type: 'object', properties: {name: text, inner: {$ref: '#'}}},
    {
      type: 'object',
      properties: {
        name: text,
        inner: {type: 'object', properties: {name: text, inner: text}, propertyOrdering: ['name', 'inner']},
      },
      propertyOrdering: ['name', 'inner'],
    },
  ],
  [
    'allOf adds up',
    {
      allOf: [
        {type: 'object', properties: {a: text}, required: ['a']},
        {properties: {b: text}, required: ['b']},
      ],
    },
    {type: 'object', properties: {a: text, b: text}, propertyOrdering: ['a', 'b'], required: ['a', 'b']},
  ],
])('%s', (_, schema, expected) => {
  expect(JSON.parse(JSON.stringify(openApiOf(schema)))).toEqual(expected)
})

describe('always in the subset', () => {
  const leaf = fc.constantFrom<JsonSchema>(
    {type: 'string', format: 'uri', minLength: 1},
    {type: 'integer', exclusiveMinimum: 0, multipleOf: 2},
    {type: 'null'},
    {const: 3},
    {enum: ['a', 1, null]},
    {enum: []},
    {$ref: '#'},
    {$ref: '#/nowhere'},
    {not: {type: 'string'}},
    {},
  )
  const {schema} = fc.letrec<{schema: JsonSchema}>((tie) => ({
    schema: fc.oneof(
      {maxDepth: 4, withCrossShrink: true},
      leaf,
      tie('schema').map((items) => ({type: 'array', items, uniqueItems: true})),
      fc.array(tie('schema'), {maxLength: 3}).map((anyOf) => ({anyOf})),
      fc.array(tie('schema'), {maxLength: 3}).map((allOf) => ({allOf})),
      fc.array(tie('schema'), {maxLength: 3}).map((prefixItems) => ({type: 'array', prefixItems})),
      fc
        .tuple(fc.constantFrom('string', 'null', 'object'), tie('schema'))
        .map(([type, each]) => ({...each, type: [type]})),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto', 'constructor'), tie('schema')).map((properties) => ({
        type: 'object',
        properties,
        required: Object.keys(properties),
        additionalProperties: false,
      })),
    ),
  }))

  test('whatever the schema', () => {
    fc.assert(
      fc.property(schema, (given) => {
        expect(openApiProblem(JSON.parse(JSON.stringify(openApiOf(given))))).toBeNull()
      }),
      {numRuns: 500},
    )
  })
  test('the plan, in the order of its keys', () => {
    const converted = openApiOf(planSchema)
    expect(openApiProblem(JSON.parse(JSON.stringify(converted)))).toBeNull()
    expect(converted['propertyOrdering']).toEqual(['summary', 'findings', 'changes'])
  })
})
