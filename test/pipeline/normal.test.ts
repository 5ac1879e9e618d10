import {readdirSync, readFileSync} from 'node:fs'
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parseDocument} from 'yaml'
import {forms} from '../../src/pipeline/forms/index.ts'
import {normalise, printNormal} from '../../src/pipeline/normal.ts'
import {normalFormOf, parsePipeline} from '../../src/pipeline/pipeline.ts'

/** What no spelling can help: a step's own name is kept as it is. */
const kept: readonly string[] = ['step-name']

function expectNormal(raw: unknown): void {
  const once = normalise(raw, 'x')
  if (once.value === null) return
  const twice = normalise(once.value, 'x')
  expect(twice.value).toEqual(once.value)
  const remarks = twice.remarks.filter(({kind, code}) => kind === 'leniency' && !kept.includes(code))
  expect(remarks.map(({message}) => message)).toEqual([])
  const printed = printNormal(once.value)
  const read = normalFormOf(printed, 'x.yaml')
  expect(read, printed).toEqual({ok: true, value: once.value})
}

describe('files', () => {
  const files = ['test/corpus', 'pipelines'].flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.endsWith('.yaml') ? [`${folder}/${name}`] : [])),
  )
  test.each(files)('%s', (file) => {
    const document = parseDocument(readFileSync(file, 'utf8'))
    if (document.errors.length === 0) expectNormal(document.toJS())
  })
})

const hostile = fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '', '<<', 'a b', '{{a}}', 'null', '1')
const text = fc.oneof(
  fc.string({maxLength: 8}),
  hostile,
  fc.constantFrom(
    '{{steps.a.x}}',
    'a:b.c',
    'previous_response:a:x',
    '5',
    'sonnet',
    'true',
    'a\n b\r\n\tc: #\n\n',
    ' {{ x }} ',
  ),
)
const any = fc.oneof(text, fc.jsonValue({maxDepth: 2}), fc.constantFrom(true, false, 0, 3, 1.5, null))
const condition = fc.letrec((tie) => ({
  it: fc.oneof(
    {maxDepth: 3, depthSize: 'small'},
    text,
    fc.boolean(),
    fc.nat(9),
    fc.array(tie('it'), {maxLength: 3}),
    ...['and', 'or', 'not', 'xor'].map((key) => fc.record({[key]: tie('it')})),
  ),
})).it
const part = fc.oneof(
  text,
  fc.record(
    {
      type: fc.constantFrom(
        'static',
        'file',
        'previous_response',
        'session_context',
        'history',
        'variable',
        'claude_continue',
        'other',
      ),
      content: text,
      path: text,
      step: text,
      extract: text,
      strict: fc.boolean(),
      name: text,
      session_id: text,
      variables: any,
    },
    {requiredKeys: ['type']},
  ),
)
const prompt = fc.oneof(text, fc.array(part, {maxLength: 3}))
const options = fc.record(
  {
    model: text,
    max_tokens: any,
    max_turns: any,
    system_prompt: text,
    append_system_prompt: text,
    timeout: any,
    allowed_tools: fc.oneof(
      fc.constantFrom('Read, Bash(git:*)', 'constructor'),
      fc.array(fc.constantFrom('Read', 'Write', 'LS', 'toString')),
    ),
    session_id: text,
    preset: text,
    retry_config: fc.record({max_retries: any, backoff_strategy: any, fallback_action: text}, {requiredKeys: []}),
    output_schema: any,
    format: text,
  },
  {requiredKeys: []},
)

const {pipeline} = fc.letrec<{readonly pipeline: unknown; readonly steps: unknown; readonly step: unknown}>((tie) => ({
  step: fc
    .tuple(
      fc.constantFrom(...Object.keys(forms), 'constructor'),
      fc.record(
        {
          name: fc.oneof(fc.constantFrom('a', 'b', 'c'), text, fc.nat(9)),
          condition,
          when: condition,
          while: condition,
          break_condition: condition,
          prompt,
          claude_options: options,
          token_budget: options,
          options,
          provider: text,
          model: text,
          temperature: any,
          timeout_seconds: any,
          timeout_ms: any,
          attempts: any,
          retry: any,
          format: fc.constantFrom('json', 'structured', 'xyz'),
          post_processing: fc.array(text, {maxLength: 2}),
          extraction_config: fc.record({format: text, post_processing: any}, {requiredKeys: []}),
          session: text,
          session_config: any,
          functions: any,
          tools: any,
          config: any,
        },
        {requiredKeys: []},
      ),
      fc.record(
        {
          over: any,
          data_source: text,
          items: any,
          as: text,
          iterator: text,
          parallel: fc.boolean(),
          max_parallel: any,
          concurrency: any,
          max_iterations: any,
          break_on_error: fc.boolean(),
          steps: tie('steps'),
          default: tie('steps'),
          expression: text,
          cases: fc.oneof(
            fc.dictionary(text, tie('steps'), {maxKeys: 2}),
            fc.array(fc.record({value: any, when: condition, steps: tie('steps')}, {requiredKeys: ['steps']}), {
              maxLength: 2,
            }),
            any,
          ),
          tasks: fc.array(
            fc.oneof(
              text,
              fc.record({id: text, file: text, prompt, claude_options: options}, {requiredKeys: []}),
              tie('step'),
            ),
            {maxLength: 2},
          ),
          parallel_tasks: fc.array(fc.record({id: text, prompt}, {requiredKeys: []}), {maxLength: 2}),
          batch_config: options,
          pipeline: tie('pipeline'),
          pipeline_file: text,
          inputs: any,
          outputs: fc.oneof(any, fc.array(fc.oneof(text, fc.record({path: text, as: text}, {requiredKeys: []})))),
        },
        {requiredKeys: []},
      ),
      fc.record(
        {
          values: any,
          variable: text,
          value: any,
          scope: text,
          variables: any,
          from: any,
          input_source: any,
          operations: fc.array(any, {maxLength: 2}),
          output_field: text,
          operation: text,
          path: text,
          source: text,
          destination: text,
          content: any,
          queries: fc.oneof(
            any,
            fc.dictionary(
              text,
              fc.dictionary(text, fc.array(fc.dictionary(text, any, {maxKeys: 2}), {maxLength: 2}), {maxKeys: 2}),
              {maxKeys: 2},
            ),
          ),
          message: text,
          output_to_file: text,
          on_error: fc.constantFrom('skip', 'abort', 'continue', 'x'),
          continue_on_error: any,
          depends_on: fc.oneof(text, fc.array(fc.constantFrom('a', 'b', 'c'))),
          metadata: any,
          unknown_key: any,
          __other: any,
        },
        {requiredKeys: []},
      ),
    )
    .map(([type, ...more]) => ({type, ...Object.assign({}, ...more)})),
  steps: fc.oneof(
    {maxDepth: 3, depthSize: 'small'},
    fc.constant([{name: 'a', type: 'echo', value: 1}]),
    fc.array(tie('step'), {minLength: 1, maxLength: 3}),
  ),
  pipeline: fc
    .tuple(
      fc.record(
        {
          name: any,
          description: any,
          version: any,
          metadata: any,
          inputs: any,
          variables: any,
          global_vars: fc.dictionary(text, any, {maxKeys: 2}),
          workspace_dir: text,
          checkpoint_enabled: any,
          checkpoint_dir: text,
          output_dir: text,
          defaults: fc.record(
            {claude_preset: text, output_dir: text, model: text, claude_options: options, gemini_token_budget: options},
            {requiredKeys: []},
          ),
          gemini_functions: any,
          providers: any,
        },
        {requiredKeys: []},
      ),
      tie('steps'),
      fc.constantFrom('bare', 'wrapped', 'beside', 'inside', 'list'),
    )
    .map(([keys, steps, form]) =>
      form === 'bare'
        ? {...keys, steps}
        : form === 'wrapped'
          ? {workflow: {...keys, steps}}
          : form === 'beside'
            ? {pipeline: keys, steps}
            : form === 'inside'
              ? {pipeline: {...keys, steps}}
              : steps,
    ),
}))

describe('any pipeline', () => {
  test('its canonical form is its own, without a remark, and survives being printed', () => {
    fc.assert(fc.property(pipeline, expectNormal), {
      numRuns: 50,
      interruptAfterTimeLimit: 15_000,
      // found by it once, among thousands
      examples: [
        [{steps: [{type: 'parallel_claude', iterator: '__proto__'}]}],
        [
          {
            steps: [
              {type: 'llm', name: 'a', depends_on: ['a']},
              {type: 'llm', depends_on: ''},
            ],
          },
        ],
        [{steps: [{type: 'llm', depends_on: 'step_2'}, {type: 'llm'}]}],
        [{steps: [{type: 'foreach', while: {or: 0}}, {type: 'llm'}]}],
      ],
    })
  })
  test('any text is a pipeline or says what is wrong', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pipeline.map((raw) => JSON.stringify(raw)),
        ),
        fc.constantFrom('lenient', 'careful', 'strict'),
        (yaml, reader) => {
          const read = parsePipeline(yaml, 'x.yaml', {reader})
          if (!read.ok) expect(read.problems).not.toEqual([])
        },
      ),
      {numRuns: 25, interruptAfterTimeLimit: 15_000},
    )
  })
  test('any value in the place of any other', () => {
    const object = fc.constantFrom<unknown>(
      {toString: 1},
      {valueOf: 1, toString: null},
      [{toString: 1}],
      JSON.parse('{"__proto__": {"x": 1}}'),
      [[]],
      [null],
      {constructor: {}},
    )
    const keys = [
      'name',
      'description',
      'version',
      'inputs',
      'variables',
      'defaults',
      'metadata',
      'steps',
      'workflow',
      'pipeline',
      'checkpoint',
      'gemini_functions',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...keys), object, (key, value) =>
        expectNormal({name: 'a', steps: [{name: 'a', type: 'echo', value: 1}], [key]: value}),
      ),
    )
    const stepKeys = [
      'name',
      'id',
      'prompt',
      'provider',
      'model',
      'tools',
      'retry_config',
      'post_processing',
      'format',
      'variable',
      'over',
      'as',
      'tasks',
      'prompts',
      'cases',
      'pipeline',
      'outputs',
      'queries',
      'operations',
      'condition',
      'depends_on',
      'preset',
      'session_name',
      'functions',
      'config',
      'file',
      'timeout_seconds',
      'right_source',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(forms)), fc.constantFrom(...stepKeys), object, (type, key, value) =>
        expectNormal({name: 'a', steps: [{name: 'a', type, [key]: value}]}),
      ),
      {numRuns: 200},
    )
  })
})

describe('nesting', () => {
  test.each([
    ['steps', (inner: unknown) => ({name: 'a', type: 'loop', over: 'x', steps: [inner]})],
    ['conditions', (inner: unknown) => ({name: 'a', type: 'echo', value: 1, condition: {not: inner}})],
    ['values', (inner: unknown) => ({name: 'a', type: 'echo', value: [inner]})],
  ])('%s ends with a remark', (_, wrap) => {
    let inner: unknown = wrap('x')
    for (let level = 0; level < 5_000; level++) inner = wrap(inner)
    const {value, remarks} = normalise({name: 'a', steps: [inner]}, 'x')
    expect([value, remarks.map(({code}) => code)]).toEqual([null, ['too-deep']])
  })
  test('a limit in milliseconds stays one', () => {
    const step = (limit: object) =>
      normalise({name: 'a', steps: [{name: 'a', type: 'pipeline', file: 'b.yaml', ...limit}]}, 'x').value
    expect(step({timeout_ms: 5_000})).toEqual(step({config: {timeout_seconds: '5'}}))
  })
})
