import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {renderProblem} from '../../src/document.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import {stepTypeNames} from '../../src/pipeline/steps/index.ts'
import {read, withSteps} from './scripted.ts'

const problemsOf = (text: string, inputs: readonly string[] = []): readonly string[] => {
  const result = parsePipeline(text, 'p.yaml', {inputs})
  return result.ok ? [] : result.problems.map(renderProblem)
}

const echo = '{name: a, type: echo, value: x}'

describe('mistakes, each with its place', () => {
  test.each([
    ['not a map', 'just text', '1:1', 'a pipeline is a mapping'],
    ['empty', '', '1:1', 'a pipeline is a mapping'],
    ['syntax', 'name: [', '1:8', ''],
    ['a key twice', 'name: p\nname: q\nsteps: [{name: a, type: echo, value: x}]', '2:1', 'must be unique'],
    [
      'a key twice, deep inside',
      withSteps('name: a\ntype: echo\nvalue: {b: [{c: 1, c: 2}]}'),
      '5:24',
      'must be unique',
    ],
    ['brackets without an end', `steps: ${'['.repeat(5_000)}`, '1:208', 'nested deeper than 200 levels'],
    ['dashes without an end', '- '.repeat(5_000), '1:401', 'nested deeper than 200 levels'],
    ['no steps', 'name: p\n', '1:1', 'steps:'],
    ['steps is empty', 'name: p\nsteps: []', '2:8', 'at least one step'],
    ['steps is no list', 'name: p\nsteps: x', '2:8', 'must be a list'],
    ['workflow is a scalar', 'workflow: x', '1:11', 'must be a mapping'],
    ['beside workflow', 'workflow: {name: p, steps: []}\nsteps: []', '2:1', 'beside `workflow`'],
    ['unknown key', 'name: p\nstepz: 1\nsteps: [{name: a, type: echo, value: x}]', '2:1', 'stepz: is not a known key'],
    [
      'unknown key in a step',
      withSteps('name: a\ntype: echo\nvalue: x\nvalues: y'),
      '6:5',
      'values: is not a known key',
    ],
    ['step is no map', withSteps('text'), '3:5', 'a step is a mapping'],
    ['step without a name', withSteps('{type: echo, value: x}'), '3:5', 'name:'],
    [
      'unknown type',
      withSteps('name: a\ntype: clade'),
      '4:11',
      '`clade` is not a step type; there are: llm, claude, gemini, openai, map, ',
    ],
    ['duplicate name', withSteps(echo, echo), '4:12', '`a` is already the name of step 1'],
    ['name of an input', withSteps('{name: findings, type: scan}'), '3:12', '`findings`'],
    ['unknown step', withSteps('name: a\ntype: plan\nfrom: b'), '5:11', 'no step `b`, and this is the first'],
    ['later step', withSteps('name: a\ntype: plan\nfrom: b', '{name: b, type: scan}'), '5:11', 'comes later'],
    ['own result', withSteps('name: a\ntype: plan\nfrom: a'), '5:11', 'own result'],
    [
      'unknown name',
      withSteps('name: a\ntype: claude\nprompt: Hi {{nme}}'),
      '5:16',
      'nothing is called `nme`; there are: user_prompt, ',
    ],
    [
      'unknown step in a template',
      withSteps(echo, 'name: b\ntype: claude\nprompt: "{{steps.c}}"'),
      '6:14',
      'no step `c`; before this one there are: a',
    ],
    [
      'unknown step in a list to go over',
      withSteps('name: l\ntype: loop\nover: ["{{steps.later}}"]\nsteps: [{name: e, type: echo, value: 1}]'),
      '5:13',
      'no step `later`',
    ],
    ['later step in a template', withSteps('name: b\ntype: claude\nprompt: "{{ a.x }}"', echo), '5:14', 'comes later'],
    [
      'a block, third line',
      withSteps('name: b\ntype: claude\nprompt: |\n  one\n  two {{user_prompt}}\n  three {{x}} {{user_prompt}} {{x}}'),
      '8:13',
      '`x`',
    ],
    ['a folded text', withSteps('name: b\ntype: claude\nprompt: >\n  one\n  two\n  {{x}}'), '8:7', '`x`'],
    ['in system', withSteps('name: b\ntype: claude\nsystem: "{{x}}"\nprompt: y'), '5:14', '`x`'],
    ['in a part', withSteps('name: b\ntype: claude\nprompt:\n  - type: static\n    content: "{{x}}"'), '7:19', '`x`'],
    [
      'half of an expression',
      withSteps('name: b\ntype: claude\nprompt: "{{user_prompt |}}"'),
      '5:14',
      'it ends where the name of a function is expected',
    ],
    [
      'an unknown function',
      withSteps('name: b\ntype: claude\nprompt: "{{shout(user_prompt)}}"'),
      '5:14',
      '`shout` is not a function',
    ],
    ['a condition that is none', withSteps('name: a\ntype: echo\nvalue: x\ncondition: "1 +"'), '6:16', 'it ends'],
    [
      'a condition that never holds',
      withSteps('name: a\ntype: echo\nvalue: x\ncondition: "1 > 2"'),
      '6:16',
      'never holds: the step never runs',
    ],
    [
      'a later step in a condition',
      withSteps('name: a\ntype: echo\nvalue: x\ncondition: b.n > 1', '{name: b, type: echo, value: {n: 1}}'),
      '6:16',
      'comes later',
    ],
    [
      'an unknown name in a loop',
      withSteps('name: a\ntype: loop\nover: [1]\nsteps:\n  - {name: b, type: echo, value: "{{itm}}"}'),
      '7:39',
      'nothing is called `itm`',
    ],
    ['errors outside of repair', withSteps('name: b\ntype: claude\nprompt: "{{errors}}"'), '5:14', '`errors`'],
    [
      'an unknown part',
      withSteps('name: b\ntype: claude\nprompt:\n  - type: picture\n    name: x'),
      '6:9',
      '"picture" is not a type of prompt part; there are: static, file',
    ],
    [
      'a part with an unknown step',
      withSteps('name: b\ntype: claude\nprompt:\n  - type: previous_response\n    step: x'),
      '7:15',
      'no step `x`',
    ],
    ['no prompt', withSteps('{name: b, type: claude}'), '3:5', 'prompt'],
    ['temperature for Claude', withSteps('name: b\ntype: claude\nprompt: x\ntemperature: 0'), '6:18', 'leave it out'],
    [
      'temperature for Claude as llm',
      withSteps('name: b\ntype: llm\nprovider: claude\nmodel: m\nprompt: x\ntemperature: 0'),
      '8:18',
      'leave it out',
    ],
    ['llm without a model', withSteps('{name: b, type: llm, provider: openai, prompt: x}'), '3:5', 'model: which one?'],
    ['another provider', withSteps('name: b\ntype: gemini\nprovider: claude\nprompt: x'), '5:15', 'type `llm`'],
    [
      'system twice',
      withSteps('name: b\ntype: claude\nsystem: x\nsystem_prompt: y\nprompt: x'),
      '6:5',
      'is the same as `system`',
    ],
    [
      'an unknown tool',
      withSteps('name: b\ntype: claude\nclaude_options:\n  allowed_tools: [Telepathy]\nprompt: x'),
      '6:22',
      'there is no tool `Telepathy`',
    ],
    [
      'a schema that cannot be checked',
      withSteps('name: b\ntype: claude\nschema: {type: thing}\nprompt: x'),
      '5:13',
      'Unsupported type',
    ],
    ['an unknown default', 'name: p\ndefaults:\n  modell: x\nsteps: [{name: a, type: scan}]', '3:3', 'defaults.modell'],
    [
      'a wrong default',
      'name: p\ndefaults:\n  max_tokens: many\nsteps: [{name: a, type: claude, prompt: x}]',
      '3:15',
      'max_tokens',
    ],
    [
      'an unknown name in defaults',
      'name: p\ndefaults:\n  system: "{{x}}"\nsteps: [{name: a, type: claude, prompt: x}, {name: b, type: claude, prompt: x}]',
      '3:12',
      '`x`',
    ],
    [
      'an input that is a variable',
      'name: p\ninputs: [x]\nvariables: {x: 1}\nsteps: [{name: a, type: scan}]',
      '3:16',
      'already an input',
    ],
  ])('%s', (_, text, place, message) => {
    const problems = problemsOf(text)
    expect(problems.map((line) => line.split(' ')[0])).toContain(`p.yaml:${place}`)
    expect(problems.join('\n')).toContain(message)
  })

  test('a mistake in the defaults is told once', () => {
    const text =
      'name: p\ndefaults: {max_tokens: many}\nsteps: [{name: a, type: claude, prompt: x}, {name: b, type: claude, prompt: x}]'
    expect(problemsOf(text)).toHaveLength(1)
  })

  test('all of them at once, in the order of the file', () => {
    const text = withSteps(
      '{name: a, type: x}',
      '{name: a, type: plan, from: z}',
      '{name: a, type: claude, prompt: "{{q}}", foo: 1}',
    )
    expect(problemsOf(text).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'p.yaml:3:21 unknown-step-type',
      'p.yaml:4:33 unknown-step',
      'p.yaml:5:12 duplicate-name',
      'p.yaml:5:38 unknown-name',
      'p.yaml:5:46 unrecognized-keys',
    ])
  })
})

describe('what is accepted', () => {
  test.each([
    ['bare', withSteps(echo)],
    ['wrapped', 'workflow:\n  name: p\n  version: 1.0\n  steps: [{name: a, type: test_echo, value: x}]'],
    [
      'list prompt',
      withSteps(
        echo,
        'name: b\ntype: gemini\nprompt:\n  - {type: static, content: "Hi {{user_prompt}}"}\n  - {type: previous_response, step: a, extract: "x[0].y"}',
      ),
    ],
    [
      'legacy options',
      withSteps(
        'name: b\ntype: claude\nrole: brain\nclaude_options: {max_turns: 1, allowed_tools: []}\nprompt: x',
        'name: c\ntype: gemini\ntoken_budget: {temperature: 0.5, max_output_tokens: 9}\nprompt: x',
      ),
    ],
    [
      'own inputs and variables',
      'name: p\ninputs: [q, repository]\nvariables: {v: 1}\nsteps: [{name: a, type: claude, prompt: "{{q}} {{v}} {{inputs.q}}"}]',
    ],
    [
      'braces that are no names',
      withSteps('name: a\ntype: claude\nprompt: |\n  {{"a": 1}} {{:ok, x}, y} ${{ x }} {{ some words }}'),
    ],
    [
      'every path into a result',
      withSteps(echo, 'name: b\ntype: claude\nprompt: "{{a}} {{steps.a}} {{a.result.x}} {{steps.a.text}}"'),
    ],
  ])('%s', (_, text) => {
    expect(problemsOf(text)).toEqual([])
  })

  test('names the caller will give', () => {
    const text = withSteps('{name: a, type: claude, prompt: "{{extra}}"}')
    expect(problemsOf(text)).toHaveLength(1)
    expect(problemsOf(text, ['extra'])).toEqual([])
  })

  test('what the pipeline needs', () => {
    const {inputs} = read(
      'name: p\nvariables: {v: 1}\ninputs: [q]\ndefaults: {repair: "{{errors}}"}\nsteps:\n  - {name: a, type: claude, prompt: "{{q}} {{v}}"}\n  - {name: b, type: claude, prompt: "{{a}} {{user_prompt}}"}',
    )
    expect(inputs).toEqual(['q', 'user_prompt'])
  })

  test('a list prompt is one text', () => {
    const [, step] = read(
      withSteps(
        echo,
        'name: b\ntype: claude\nprompt:\n  - {type: static, content: one}\n  - {type: previous_response, step: a}\n  - {type: previous_response, step: a, extract: x.y}',
      ),
    ).steps
    expect(step?.texts).toEqual({prompt: 'one\n{{steps.a}}\n{{required(steps.a.x.y)}}', system: '', examples: ''})
  })

  test('what nobody wrote is missing, and the key that was meant is told with it', () => {
    const read = parsePipeline(
      'name: p\nsteps: [{name: a, type: claude, promt: x}, {name: b, type: llm, prompt: x}]',
      'p',
      {
        reader: 'lenient',
      },
    )
    expect(read.ok ? [] : read.problems.map(({message}) => message)).toEqual([
      'prompt: is missing',
      'promt: is not a known key',
      'provider: is missing; it is of type string',
    ])
  })
  test('a provider of the defaults is that of steps without one', () => {
    const text =
      'name: p\ndefaults: {provider: openai, model: qwen}\nsteps: [{name: a, type: llm, prompt: x}, {name: b, type: llm, provider: gemini, prompt: x}]'
    expect(read(text).steps.map(({models}) => models)).toEqual([['openai/qwen'], ['gemini/qwen']])
  })
  test('defaults fill in what a step leaves out', () => {
    const {steps} = read(
      'name: p\ndefaults: {system: D}\nsteps:\n  - {name: a, type: claude, prompt: x}\n  - {name: b, type: claude, prompt: x, system: S}\n  - {name: c, type: claude, prompt: x, system_prompt: T}\n  - {name: d, type: scan}',
    )
    expect(steps.map(({texts}) => texts.system)).toEqual(['D', 'S', 'T', undefined])
  })
})

describe('never throws', () => {
  const scalar = fc.oneof(
    fc.constantFrom('a', 'b', 'claude', 'echo', 'plan', '{{a}}', '{{user_prompt}}', '__proto__', 'constructor'),
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.boolean(),
  )
  const key = fc.constantFrom(
    'name',
    'type',
    'prompt',
    'from',
    'value',
    'steps',
    'workflow',
    'defaults',
    'inputs',
    'variables',
    'system',
    'schema',
    'step',
    'content',
    '__proto__',
  )
  const {value} = fc.letrec((tie) => ({
    value: fc.oneof(
      {maxDepth: 5},
      scalar,
      fc.array(tie('value'), {maxLength: 4}),
      fc.dictionary(key, tie('value'), {maxKeys: 5}),
    ),
  }))
  const places = (text: string): void => {
    const result = parsePipeline(text, 'p.yaml')
    if (result.ok) return
    expect(result.problems.length).toBeGreaterThan(0)
    for (const {line, col} of result.problems) expect(Math.min(line, col)).toBeGreaterThan(0)
  }
  test('for any text', () => fc.assert(fc.property(fc.string(), places)))
  test('for any document', () =>
    fc.assert(
      fc.property(value, (each) => places(JSON.stringify(each))),
      {numRuns: 500},
    ))
  test('for any steps', () => {
    const step = fc
      .record({name: fc.constantFrom('a', 'b', '__proto__'), type: fc.constantFrom(...stepTypeNames)})
      .chain((head) => fc.dictionary(key, value, {maxKeys: 4}).map((more) => ({...more, ...head})))
    fc.assert(
      fc.property(fc.array(step), (steps) => places(JSON.stringify({name: 'p', steps}))),
      {numRuns: 500},
    )
  })
})
