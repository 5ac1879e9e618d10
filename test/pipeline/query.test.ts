import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {failureOf, runText, scripted, withSteps} from './scripted.ts'

const query = async (kind: string, criteria: unknown): Promise<unknown> => {
  if (kind === 'analyze_impact') throw new Failure('bad-query', 'analyze_impact: file: missing')
  return {kind, criteria}
}
const dataOf = async (queries: string, reader: 'strict' | 'lenient' = 'strict'): Promise<unknown> => {
  const text = withSteps(
    '{name: a, type: echo, value: {path: lib, list: [x]}}',
    `{name: q, type: query, queries: ${queries}}`,
  )
  return (await runText(text, scripted(), {tools: {query}, reader})).output.data
}

describe('what is asked', () => {
  test.each([
    ['one kind', '{f: {find_files: {type: source}}}', {f: {kind: 'find_files', criteria: {type: 'source'}}}],
    [
      'templates with their types',
      '{f: {find_files: {path: "{{a.path}}/x", list: "{{a.list}}"}}}',
      {f: {kind: 'find_files', criteria: {path: 'lib/x', list: ['x']}}},
    ],
    [
      'several kinds',
      '{f: {find_files: {}, find_functions: {}}}',
      {f: {find_files: {kind: 'find_files', criteria: {}}, find_functions: {kind: 'find_functions', criteria: {}}}},
    ],
    [
      'several queries',
      '{f: {find_files: {}}, g: {find_related: {}}}',
      {f: {kind: 'find_files', criteria: {}}, g: {kind: 'find_related', criteria: {}}},
    ],
    ['criteria that are none', '{f: {find_files: 5}}', {f: {kind: 'find_files', criteria: {}}}],
    ['a name of JavaScript', '{constructor: {find_files: {}}}', {constructor: {kind: 'find_files', criteria: {}}}],
  ])('%s', async (_, queries, expected) => {
    expect(await dataOf(queries)).toEqual(expected)
  })
  test('in the words of pipeline_ex', async () => {
    expect(await dataOf('{f: {find_files: [{type: main}, {path: lib}]}}', 'lenient')).toEqual({
      f: {kind: 'find_files', criteria: {type: 'main', path: 'lib'}},
    })
  })
})

test.each([
  ['a query that cannot be answered', '{f: {analyze_impact: {}}}', 'bad-query'],
  ['a kind that there is not', '{f: {find_bugs: {}}}', 'bad-pipeline'],
])('%s', async (_, queries, code) => {
  expect(await failureOf(dataOf(queries))).toMatchObject({code})
})
