/** Loops, what ends them, and what is seen inside of them and afterwards. */
import {describe, expect, test} from 'vitest'
import {Failure} from '../../src/errors.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import {answering, echoing, failureOf, promptsOf, read, replyOf, runText, scripted, withSteps} from './scripted.ts'

const echo = (name: string, value: string, more = ''): string => `{name: ${name}, type: echo, value: ${value}${more}}`
const loop = (settings: string, ...steps: readonly string[]): string =>
  `{name: l, type: loop, ${settings}, steps: [${steps.join(', ')}]}`
const valueOf = async (...steps: readonly string[]): Promise<unknown> => {
  const {output} = await runText(withSteps(...steps), scripted(), {reader: 'lenient'})
  return output.data ?? output.text
}

describe('what it goes over', () => {
  test.each([
    ['a list', '[1, two, {x: 3}]', [1, 'two', {x: 3}]],
    ['an empty list', '[]', []],
    ['the data of a step', 'a.list', ['p', 'q']],
    ['a variable', 'w', ['x', 'y']],
    [
      'a mapping',
      'a.map',
      [
        {key: 'k', value: 1},
        {key: 'm', value: 2},
      ],
    ],
    ['an empty mapping', 'a.none', []],
    ['a text that is JSON', 't', [1, 2]],
    ['JSON in a code block', 'block', ['b']],
    ['a text that is a mapping as JSON', 'r', [{key: 'k', value: 1}]],
    ['a calculation', "split('a-b', '-')", ['a', 'b']],
    ['templates in a list', '["{{a.list[1]}}", "{{a.list}}"]', ['q', ['p', 'q']]],
    ['the words of pipeline_ex', 'previous_response:a:list', ['p', 'q']],
  ])('%s', async (_, over, items) => {
    const before = [
      echo('a', '{list: [p, q], map: {k: 1, m: 2}, none: {}}'),
      '{name: s, type: set, values: {w: [x, y], t: "[1, 2]", r: \'{"k": 1}\'}}',
      '{name: block, type: echo, value: "```json\\n[\\"b\\"]\\n```"}',
    ]
    const data = await valueOf(
      ...before,
      loop(
        `over: '${over.replaceAll("'", "''")}'`.replace(/^over: '\[(.*)\]'$/, 'over: [$1]'),
        echo('e', '"{{item}}"'),
      ),
    )
    expect(data).toMatchObject({total: items.length, completed: items.length, ok: true})
    expect(data).toMatchObject({iterations: items.map((item, index) => ({index, item, ok: true}))})
  })

  test.each([
    ['a number', 'a.n', 'a number'],
    ['a text', 'a.t', 'a text'],
    ['nothing', 'a.nothing', 'nothing'],
  ])('%s is none', async (_, over, what) => {
    const text = withSteps(echo('a', '{n: 1, t: word}'), loop(`over: ${over}`, echo('e', 'x')))
    expect(await failureOf(runText(text, scripted()))).toMatchObject({
      code: 'not-a-list',
      message: `step l: over: ${over} is ${what}, not a list`,
    })
  })
})

describe('what its steps see', () => {
  test('the item of their round, also under a name of its own', async () => {
    const model = echoing()
    const prompt = '"{{loop.index}} of {{loop.total}}: {{index}}, {{loop.first}}, {{loop.last}}, {{loop.is_last}}"'
    await runText(withSteps(loop('over: [a, b], as: each', `{name: q, type: claude, prompt: ${prompt}}`)), model)
    expect(promptsOf(model)).toEqual(['0 of 2: 0, true, false, false', '1 of 2: 1, false, true, true'])
  })
  test('items of the author stand without a fence', async () => {
    const model = echoing()
    await runText(
      withSteps(loop('over: [a, b], as: each', '{name: q, type: claude, prompt: "{{each}}{{item}}"}')),
      model,
    )
    expect(promptsOf(model)).toEqual(['aa', 'bb'])
  })
  test('the loops around them', async () => {
    const inner = `{name: m, type: loop, over: [x, y], as: inner, steps: [${echo('e', '"{{out}}{{inner}}{{loop.parent.item}}{{loop.parent.index}}{{loop.index}}{{loop.item}}"')}]}`
    const {results = {}} = await runText(withSteps(loop('over: [a, b], as: out', inner)), scripted())
    const {data} = results['l'] ?? {}
    expect(JSON.stringify(data)).toContain('axa00x')
    for (const each of ['axa00x', 'aya01y', 'bxb10x', 'byb11y']) expect(JSON.stringify(data)).toContain(each)
  })
  test.each(['index', 'loop', 'item'])('an item that is called %s', async (as) => {
    expect(await valueOf(loop(`over: [a, b], as: ${as}`, echo('e', `"{{${as}}}"`)), echo('z', '"{{e}}"'))).toBe('b')
  })
  test('results of the round before, until they have their own', async () => {
    const steps = [echo('e', `"{{default(f, 'none')}}"`), echo('f', '"{{item}}"')]
    const {results = {}} = await runText(withSteps(loop('over: [a, b]', ...steps)), scripted(), {reader: 'lenient'})
    expect(results['l']?.data).toMatchObject({iterations: [{results: {e: 'none'}}, {results: {e: 'a'}}]})
  })
  test('variables that they set themselves', async () => {
    const steps = ['{name: s, type: set, values: {n: "{{n + item}}"}}', echo('e', '"{{n}}"')]
    const data = await valueOf(
      '{name: z, type: set, values: {n: 0}}',
      loop('over: [1, 2, 3]', ...steps),
      echo('end', '"{{n}} {{e}}"'),
    )
    expect(data).toBe('6 6')
  })
})

test('what ran last is seen after it', async () => {
  expect(
    await valueOf(loop('over: [a, b]', echo('e', '"{{item}}"')), echo('z', '"{{e}} {{l.iterations[0].results.e}}"')),
  ).toBe('b a')
})

describe('what is inside of a loop that never went round', () => {
  const text = (value: string): string => withSteps(loop('over: []', echo('e', '1')), echo('z', `"${value}"`))
  test('has no value', async () => {
    const {output, notes} = await runText(text('{{default(e, 7)}} {{steps.e}}'), scripted(), {reader: 'lenient'})
    expect(output.text).toBe('7 {{steps.e}}')
    expect(notes.map(({step, code}) => [step, code])).toEqual([['z', 'template-unresolved']])
  })
  test('is a failure to a careful reader', async () => {
    expect(await failureOf(runText(text('{{e}}'), scripted()))).toMatchObject({
      code: 'template-unresolved',
      message: 'step z: {{e}}: there is no e',
    })
  })
})

describe('what ends it', () => {
  const said = async (settings: string, ...steps: readonly string[]): Promise<unknown> =>
    valueOf(
      '{name: z, type: set, values: {n: 0}}',
      loop(
        settings,
        '{name: s, type: set, values: {n: "{{n + 1}}"}}',
        ...steps,
        '{name: u, type: set, values: {last: "{{n}}"}}',
      ),
      echo('end', `"{{n}} {{default(last, 'none')}}"`),
    )
  const inSwitch = (what: string): string =>
    `{name: w, type: switch, on: "n", cases: [{value: 2, steps: [{name: x, type: ${what}}, ${echo('never', '1', ', fail: true')}]}]}`

  test.each([
    ['break', 'over: [1, 2, 3]', ['{name: x, type: break, condition: "n == 2"}'], '2 1'],
    ['break in a switch', 'over: [1, 2, 3]', [inSwitch('break')], '2 1'],
    ['continue', 'over: [1, 2, 3]', ['{name: x, type: continue, condition: "n == 3"}'], '3 2'],
    ['continue in a switch', 'over: [1, 2, 3]', [inSwitch('continue')], '3 3'],
    ['break_if', 'over: [1, 2, 3], break_if: n >= 2', [], '2 2'],
    ['break_if, about the item', 'over: [1, 2, 3], break_if: item == 2', [], '2 2'],
    ['max', 'over: [1, 2, 3], max: 1', [], '1 1'],
    ['an empty list', 'over: []', [], '0 none'],
    ['while', 'while: n < 4', [], '4 4'],
    ['while, about its index', 'while: loop.index < 2', [], '2 2'],
    ['while, never', 'while: n > 4', [], '0 none'],
    ['break in while', 'while: n < 9', ['{name: x, type: break, condition: "n == 2"}'], '2 1'],
    ['break_if in while', 'while: n < 9, break_if: n == 3', [], '3 3'],
    ['continue in while', 'while: n < 3', ['{name: x, type: continue, condition: "n > 1"}'], '3 1'],
    ['max of while', 'while: n < 9, max: 5', [], '5 5'],
  ])('%s', async (_, settings, steps, expected) => {
    expect(await said(settings, ...steps)).toBe(expected)
  })

  test('break ends the inner loop only', async () => {
    const inner = `{name: m, type: loop, over: [1, 2], steps: [{name: s, type: set, values: {n: "{{n + 1}}"}}, {name: x, type: break}]}`
    expect(
      await valueOf('{name: z, type: set, values: {n: 0}}', loop('over: [1, 2, 3]', inner), echo('end', '"{{n}}"')),
    ).toBe(3)
  })
  test('break ends nothing where rounds run at the same time, which is noted', async () => {
    const text = withSteps(
      loop('over: [1, 2, 3, 4, 5, 6], concurrency: 2', '{name: x, type: break}', echo('never', '1')),
    )
    const {output, notes, results = {}} = await runText(text, scripted())
    expect(output.data).toMatchObject({total: 6, completed: 6})
    expect(Object.keys(results)).not.toContain('never')
    expect(notes.map(({step, code}) => [step, code])).toEqual([['l', 'late-break']])
  })
  test.each([
    ['break', 'at the top', ['{name: x, type: break}'], ['x']],
    ['continue', 'at the top', ['{name: x, type: continue}'], ['x']],
    [
      'break',
      'in a switch',
      ['{name: w, type: switch, on: 1, cases: [{value: 1, steps: [{name: x, type: break}]}]}'],
      ['x'],
    ],
    [
      'break',
      'in a pipeline that a loop runs',
      [
        '{name: l, type: loop, over: [1], steps: [{name: n, type: pipeline, pipeline: {name: c, steps: [{name: x, type: break}]}}]}',
      ],
      ['x'],
    ],
    ['break', 'in a loop', [loop('over: [1, 2]', '{name: x, type: break}')], []],
    ['break', 'in a switch in a loop', [loop('over: [1]', inSwitch('break').replace('on: "n"', 'on: 2'))], []],
    ['break', 'in a map', ['{name: m, type: map, over: [1, 2], steps: [{name: x, type: break}]}'], []],
  ])('%s without a loop around it is noted, and what follows runs: %s', async (what, _, steps, noted) => {
    const text = withSteps(...steps, echo('end', '1'))
    const {output} = await runText(text, scripted(), {reader: 'lenient'})
    expect(output.data ?? output.text).toBe(1)
    expect((read(text, 'lenient').diagnostics ?? []).map(({kind, code, message}) => [kind, code, message])).toEqual(
      noted.map(() => ['mistake', 'outside', `there is no loop around it, without which \`${what}\` means nothing`]),
    )
    expect(parsePipeline(text, 'p.yaml').ok).toBe(noted.length === 0)
  })
  test('max of while is no success, and is noted', async () => {
    const {output, notes} = await runText(withSteps(loop('while: loop.index < 9, max: 2', echo('e', 'x'))), scripted())
    expect(output).toMatchObject({ok: false, data: {total: 2, max_iterations_reached: true}})
    expect(notes).toEqual([
      {step: 'l', code: 'loop-limit', message: 'the condition still holds after 2 rounds (`max`)'},
    ])
  })
  test('items that max leaves out are noted', async () => {
    const {output, notes} = await runText(withSteps(loop('over: [1, 2, 3], max: 2', echo('e', 'x'))), scripted())
    expect(output.data).toMatchObject({total: 3, completed: 2})
    expect(notes.map(({code}) => code)).toEqual(['cut-loop'])
  })
})

describe('a round that fails', () => {
  const failing = (settings: string, more = ''): string =>
    withSteps(
      `${loop(settings, '{name: q, type: claude, prompt: "{{item}}"}').slice(0, -1)}${more}}`,
      echo('end', '"{{l.completed}}"'),
    )
  const model = () =>
    answering((prompt) => (prompt === '2' ? Promise.reject(new Failure('model-refused-request', 'no')) : prompt))

  test.each([
    ['stop', 'over: [1, 2, 3]', ['1', '2']],
    ['stop, side by side', 'over: [1, 2, 3, 4, 5, 6], concurrency: 2', ['1', '2', '3']],
  ])('%s', async (_, settings, asked) => {
    const asks = model()
    expect(await failureOf(runText(failing(settings), asks))).toMatchObject({
      code: 'model-refused-request',
      message: 'step l: step q: no',
    })
    expect(promptsOf(asks).slice(0, 2)).toEqual(asked.slice(0, 2))
    expect(asks.asked.length).toBeLessThanOrEqual(asked.length)
  })
  test.each([1, 2, 5])('continue, %i at once', async (concurrency) => {
    const asks = model()
    const {output, results = {}} = await runText(
      failing(`over: [1, 2, 3], item_errors: continue, concurrency: ${concurrency}`),
      asks,
    )
    expect(output.data ?? output.text).toBe(2)
    expect(results['l']).toMatchObject({
      ok: false,
      data: {
        iterations: [
          {index: 0, ok: true, results: {q: '1'}},
          {index: 1, ok: false, error: 'step q: no'},
          {index: 2, ok: true, results: {q: '3'}},
        ],
      },
    })
  })
  test('on_error of the loop', async () => {
    const {output, results = {}} = await runText(failing('over: [1, 2, 3]', ', on_error: continue'), model(), {
      reader: 'lenient',
    })
    expect(results['l']).toMatchObject({ok: false, facts: {error: {code: 'model-refused-request'}}})
    // there are no rounds to count: what there is of it is why it failed
    expect(output.text).toBe('step q: no')
  })
  test.each(['cancelled', 'budget-spent', 'unknown-price', 'missing-key'])(
    '%s ends the run all the same',
    async (code) => {
      const asks = answering(() => Promise.reject(new Failure(code, 'over')))
      const text = failing('over: [1, 2, 3], item_errors: continue', ', on_error: continue')
      expect(await failureOf(runText(text, asks))).toMatchObject({code})
      expect(asks.asked).toHaveLength(1)
    },
  )
  test('a bug is not one', async () => {
    const bug = new TypeError('x')
    const asks = answering(() => Promise.reject(bug))
    await expect(runText(failing('over: [1], item_errors: continue'), asks)).rejects.toBe(bug)
  })
})

describe('rounds at the same time', () => {
  test.each([1, 2, 3, 7])('never more than %i, results in the order of the items', async (concurrency) => {
    let [flying, most] = [0, 0]
    const model = answering(async (prompt) => {
      flying += 1
      most = Math.max(most, flying)
      // later items are faster
      await new Promise((wake) => setTimeout(wake, 12 - Number(prompt)))
      flying -= 1
      return replyOf(`r${prompt}`)
    })
    const list = Array.from({length: 10}, (_, at) => at)
    const text = withSteps(
      loop(
        `over: [${list.join(', ')}], concurrency: ${concurrency}`,
        '{name: q, type: claude, prompt: "{{item}}"}',
        '{name: s, type: set, values: {w: "{{item}}"}}',
      ),
      echo('end', '"{{w}} {{q}}"'),
    )
    const {output, results = {}, usage} = await runText(text, model)
    expect(most).toBe(Math.min(10, concurrency))
    expect(results['l']?.data).toMatchObject({
      iterations: list.map((item, index) => ({index, item, results: {q: `r${item}`}})),
    })
    expect(output.text).toBe('9 r9')
    expect(usage.calls).toBe(10)
  })
  test('they do not see each other', async () => {
    const steps = ['{name: s, type: set, values: {n: "{{n + item}}"}}', '{name: q, type: claude, prompt: "{{n}}"}']
    const model = echoing()
    const text = withSteps(
      '{name: z, type: set, values: {n: 0}}',
      loop('over: [1, 2, 3], concurrency: 3', ...steps),
      echo('end', '"{{n}}"'),
    )
    const {output} = await runText(text, model)
    expect(promptsOf(model)).toEqual(['1', '2', '3'])
    expect(output.data).toBe(3)
  })
})
