import {describe, expect, test} from 'vitest'
import {failureOf, runText, scripted, withSteps} from './scripted.ts'

const people =
  '[{name: ann, age: 30, city: {id: 1}}, {name: bob, age: 20, city: {id: 2}}, {name: cy, age: 40, city: {id: 1}}, {name: di, city: {id: 3}}]'
const run = (settings: string) =>
  runText(
    withSteps(
      `{name: a, type: echo, value: {people: ${people}, n: [3, 1, 2], words: [b, a, c], t: "[1, 2]", cities: [{key: 1, town: X}, {key: 2, town: Y}, {key: 1, town: Z}]}}`,
      '{name: s, type: set, values: {least: 25, wanted: ann}}',
      '{name: block, type: echo, value: "```json\\n[1, 2]\\n```"}',
      `{name: t, type: transform, ${settings}}`,
    ),
    scripted(),
    {reader: 'lenient'},
  )
const names = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((each: unknown) => (typeof each === 'object' && each !== null && 'name' in each ? each.name : each))
    : value
const made = async (from: string, ...operations: readonly string[]): Promise<unknown> => {
  const {output} = await run(`from: ${from}, as: x, operations: [${operations.join(', ')}]`)
  return typeof output.data === 'object' && output.data !== null && 'x' in output.data ? output.data.x : null
}

describe('filter', () => {
  test.each([
    ['a comparison', 'condition: age > 25', ['ann', 'cy']],
    ['a text in quotes', `condition: "name == 'bob'"`, ['bob']],
    ['a bare word', 'condition: name == bob', ['bob']],
    ['what holds of a field', 'field: age, condition: "> 25"', ['ann', 'cy']],
    ['the field by name', 'field: age, condition: value > 25', ['ann', 'cy']],
    ['a field inside', 'condition: city.id == 1', ['ann', 'cy']],
    ['the item', 'condition: item.age < 25', ['bob']],
    ['a variable', 'condition: age >= state.least', ['ann', 'cy']],
    ['and, or, not', `condition: "age > 25 and not (name == 'cy')"`, ['ann']],
    ['truth', 'condition: age', ['ann', 'bob', 'cy']],
    ['contains', 'condition: name contains n', ['ann']],
    ['nothing', 'condition: age > 100', []],
  ])('%s', async (_, condition, expected) => {
    expect(names(await made('a.people', `{op: filter, ${condition}}`))).toEqual(expected)
  })
  test('of a mapping: the list in its field', async () => {
    expect(await made('a', '{op: filter, field: n, condition: item > 1}')).toMatchObject({
      n: [3, 2],
      words: ['b', 'a', 'c'],
    })
  })
  test('words of an item are no condition', async () => {
    expect(await made(`["true", "1 == 1", "false"]`, '{op: filter, condition: "item == \'1 == 1\'"}')).toEqual([
      '1 == 1',
    ])
  })
})

describe('the other operations', () => {
  test.each([
    ['map to an expression', 'a.n', '{op: map, expression: "item * 2"}', [6, 2, 4]],
    ['map to a field', 'a.people', '{op: map, expression: name}', ['ann', 'bob', 'cy', 'di']],
    ['map to capitals', 'a.words', '{op: map, expression: uppercase}', ['B', 'A', 'C']],
    ['map a field by a table', '[{k: a}, {k: b}]', '{op: map, field: k, mapping: {a: 1}}', [{k: 1}, {k: 'b'}]],
    ['map a field that is not there', '[a, b, {x: 1}]', '{op: map, field: k, mapping: {a: 1}}', ['a', 'b', {x: 1}]],
    ['map more fields', '[{k: a}]', '{op: map, mapping: {m: 1}}', [{k: 'a', m: 1}]],
    [
      'map by no table of JavaScript',
      '[{k: constructor}]',
      '{op: map, field: k, mapping: {a: 1}}',
      [{k: 'constructor'}],
    ],
    ['sum', 'a.n', '{op: aggregate, function: sum}', 6],
    ['sum of a field', '[{k: 1}, {k: "2"}]', '{op: aggregate, field: k, function: sum}', 3],
    ['average', 'a.n', '{op: aggregate, function: average}', 2],
    ['average of nothing', '[]', '{op: aggregate, function: average}', null],
    ['sum of nothing', '[]', '{op: aggregate, function: sum}', 0],
    ['max', 'a.n', '{op: aggregate, function: max}', 3],
    ['min', 'a.n', '{op: aggregate, function: min}', 1],
    ['count', 'a.people', '{op: aggregate, function: count}', 4],
    ['first', 'a.n', '{op: aggregate, function: first}', 3],
    ['last of nothing', '[]', '{op: aggregate, function: last}', null],
    ['unique', '[1, 2, 1, {k: 1}, {k: 1}]', '{op: aggregate, function: unique}', [1, 2, {k: 1}]],
    ['sort', 'a.n', '{op: sort}', [1, 2, 3]],
    ['sort, backwards', 'a.n', '{op: sort, order: desc}', [3, 2, 1]],
    ['sort mixed', '[b, 2, null, a, 1]', '{op: sort}', [1, 2, 'a', 'b', null]],
    ['sort mixed, backwards', '[b, 2, null, a, 1]', '{op: sort, order: desc}', [2, 1, 'b', 'a', null]],
    [
      'group',
      '[{k: a, n: 1}, {k: b}, {k: a}]',
      '{op: group_by, field: k}',
      {a: [{k: 'a', n: 1}, {k: 'a'}], b: [{k: 'b'}]},
    ],
    [
      'join',
      '[{id: 1}, {id: 9}]',
      '{op: join, left_field: id, right: a.cities, join_key: key}',
      [{id: 1, key: 1, town: 'X'}, {id: 9}],
    ],
    [
      'join with a list',
      '[{id: 1}]',
      '{op: join, left_field: id, right: [{key: 1, t: 2}], join_key: key}',
      [{id: 1, key: 1, t: 2}],
    ],
    ['a text that is JSON', 'a.t', '{op: aggregate, function: sum}', 3],
    ['JSON in a code block', 'block', '{op: aggregate, function: sum}', 3],
    ['templates in a list', '["{{least}}", "{{wanted}}", 1]', '{op: filter, condition: item}', [25, 'ann', 1]],
  ])('%s', async (_, from, operation, expected) => {
    expect(await made(from, operation)).toEqual(expected)
  })
  test('sort by a field, and the same stay in order', async () => {
    expect(names(await made('a.people', '{op: sort, field: age}'))).toEqual(['bob', 'ann', 'cy', 'di'])
    expect(names(await made('a.people', '{op: sort, field: city.id}'))).toEqual(['ann', 'cy', 'bob', 'di'])
  })
  test('one after the other', async () => {
    const chain = [
      '{op: filter, condition: age}',
      '{op: sort, field: age}',
      '{op: map, expression: age}',
      '{op: aggregate, function: first}',
    ]
    expect(await made('a.people', ...chain)).toBe(20)
  })
  test('what it is made of stays as it was', async () => {
    const {results = {}} = await run('from: a.n, operations: [{op: sort}]')
    expect(results['a']?.data).toMatchObject({n: [3, 1, 2]})
  })
})

describe('what comes out', () => {
  test.each([
    ['under the name of the step', 'from: a.n', {t: [3, 1, 2]}],
    ['under another', 'from: a.n, as: y', {y: [3, 1, 2]}],
    ['as a text', 'from: a.n, output: string', {t: '[3,1,2]'}],
    ['as its length', 'from: a.n, output: count', {t: 3}],
    ['in the words of pipeline_ex', 'input_source: "previous_response:a:n", output_field: y', {y: [3, 1, 2]}],
  ])('%s', async (_, settings, data) => {
    expect((await run(settings)).output.data).toEqual(data)
  })
})

test.each([
  ['nothing there', 'from: a.none', 'no-value'],
  ['a mapping', 'from: a, operations: [{op: sort}]', 'not-a-list'],
  ['a text', 'from: "a.words[0]", operations: [{op: map}]', 'not-a-list'],
  ['words to add up', 'from: a.words, operations: [{op: aggregate, function: sum}]', 'not-a-number'],
  ['no such operation', 'from: a.n, operations: [{op: shuffle}]', 'bad-pipeline'],
  ['a condition that is none', 'from: a.n, operations: [{op: filter, condition: "item >"}]', 'bad-expression'],
])('%s', async (_, settings, code) => {
  expect(await failureOf(Promise.resolve().then(() => run(settings)))).toMatchObject({code})
})
