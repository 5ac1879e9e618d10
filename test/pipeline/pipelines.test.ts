/** The product's own pipelines: they read without a problem, need only what a run gives, and keep their promises. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {answerSchema} from '../../src/apply/answer.ts'
import {valueOf} from '../../src/document.ts'
import {execute} from '../../src/pipeline/execute.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import {knownInputs} from '../../src/pipeline/scope.ts'
import type {Pipeline} from '../../src/pipeline/step.ts'
import {stepTypeNames} from '../../src/pipeline/steps/index.ts'
import {placeholdersIn} from '../../src/pipeline/template.ts'
import {knownCategories} from '../../src/plan/remedies.ts'
import {Plan} from '../../src/plan/plan.ts'
import {planFrom, planSchema} from '../../src/plan/reply.ts'
import {clock, nonce, scanned, scripted, toolsOf} from './scripted.ts'

const folder = join(import.meta.dirname, '../../pipelines')
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8')
const pipelineOf = (file: string): Pipeline => valueOf(parsePipeline(textOf(file), file), 'pipeline')

/** Inputs of a pipeline that is not run for a plan. */
const ownInputs: Readonly<Record<string, readonly string[]>> = {
  'apply.yaml': ['change', 'files'],
  'judge.yaml': ['questions'],
}

test('they are there', () => {
  expect(files).toEqual(expect.arrayContaining(['apply.yaml', 'genesis.yaml', 'judge.yaml', 'offline.yaml']))
})

describe.each(['apply.yaml', 'genesis.yaml', 'judge.yaml', 'offline.yaml'])('%s', (file) => {
  test('reads, and needs only what a run gives', () => {
    const {inputs = []} = pipelineOf(file)
    const given: readonly string[] = [...knownInputs, ...(ownInputs[file] ?? [])]
    expect(inputs.filter((name) => !given.includes(name))).toEqual([])
  })
  test('fences only in the engine: no text opens or closes one', () => {
    for (const {texts} of pipelineOf(file).steps) {
      for (const text of Object.values(texts)) expect(text).not.toMatch(/^\s*<\/?untrusted-data/m)
    }
  })
  test('every model step says that fenced text is data', () => {
    for (const {texts, models} of pipelineOf(file).steps)
      if (models.length > 0) expect(texts.system).toContain('<untrusted-data name="…" nonce="…">')
  })
})

const genesis = pipelineOf('genesis.yaml')

describe('genesis', () => {
  test('asks the models it promises', () => {
    expect(genesis.steps.map(({name, models}) => [name, ...models])).toEqual([
      ['scan'],
      ['analysis', 'claude/claude-sonnet-5-5'],
      ['cross_check', 'gemini/gemini-2.5-flash'],
      ['changes', 'claude/claude-sonnet-5-5'],
      ['plan'],
    ])
  })
  test('the analysis names exactly the categories of the catalogue', () => {
    const prompt = genesis.steps.find(({name}) => name === 'analysis')?.texts.prompt ?? ''
    const list = prompt.slice(prompt.indexOf('Categories.'), prompt.indexOf('What to distrust'))
    const named = [...list.matchAll(/(?<=[:,(] ?)\b[a-z]+(?:-[a-z]+)+\b(?=[,. (])/g)].map(([word]) => word)
    expect(knownCategories.filter((category) => !list.includes(category))).toEqual([])
    expect(named.filter((word) => !knownCategories.includes(word))).toEqual([])
  })
  test('every model sees the goal and the code first', () => {
    for (const {texts, models} of genesis.steps) {
      if (models.length === 0) continue
      const names = placeholdersIn(texts.prompt ?? '').map(({inner}) => inner)
      expect(names[0]).toBe('repository')
      expect(names).toContain('user_prompt')
    }
  })

  const location = {file: 'lib/a.ex', start_line: 3, end_line: 3, evidence: 'send(pid, :go)'}
  const finding = {
    id: 'F1',
    title: 'T',
    category: 'raw-send',
    severity: 'medium',
    locations: [location],
    description: 'D.',
  }
  const analysis = {commands: ['mix test'], findings: [{...finding, from_scan: ['F1']}], distrusted: [], summary: 'S'}
  const check = {
    verdicts: [
      {id: 'F1', file: 'lib/a.ex', line: 3, quote: 'send(pid, :go)', reason: 'r', verdict: 'keep', correction: ''},
    ],
    overlooked: [],
  }
  const change = {
    id: 'C1',
    title: 'T',
    resolves: ['F1'],
    depends_on: [],
    phase: 5,
    files: ['lib/a.ex'],
    creates: [],
    instructions: 'Call.',
    risk: 'low',
    effort: 'S',
    verification: ['mix test'],
  }
  const inputs = {user_prompt: 'Find.', repository: 'code', repository_name: 'r', findings: scanned.findings}
  const tools = (model: ReturnType<typeof scripted>) =>
    toolsOf(model.ask, {
      schemas: {plan: planSchema},
      draft: (source) => {
        const data = planFrom(source, {goal: 'g', name: 'r', commit: null, scan: scanned})
        return {text: 'yaml', data}
      },
    })

  test('ends in a plan', async () => {
    const plan = {summary: 'S', findings: [finding], changes: [change]}
    const model = scripted(JSON.stringify(analysis), JSON.stringify(check), JSON.stringify(plan))
    const trace = await execute(genesis, inputs, tools(model), {nonce, now: clock()})
    expect(Plan.parse(trace.output.data)).toMatchObject({findings: [{id: 'F1'}], changes: [{id: 'C1'}]})
    expect(model.asked.map(({temperature}) => temperature)).toEqual([null, 0, null])
    for (const {schema} of model.asked) expect(schema).not.toBeNull()
    const [first, , third] = model.asked
    // what a provider can cache: the same system text and the same beginning
    expect(first?.system).toBe(third?.system)
    expect(third?.messages[0]?.text.startsWith(first?.messages[0]?.text.split('</untrusted-data')[0] ?? '?')).toBe(true)
  })

  test('a reply in the wrong form is sent back once, with what is wrong', async () => {
    const model = scripted('{"findings": []}', '{"findings": []}')
    await expect(execute(genesis, inputs, tools(model), {nonce, now: clock()})).rejects.toMatchObject({
      code: 'model-output-invalid',
    })
    expect(model.asked[1]?.messages[2]?.text).toMatch(
      /could not be used[\s\S]*summary: Invalid input[\s\S]*Give the whole answer again/,
    )
  })
})

test('offline ends in a plan of the static findings, and asks nobody', async () => {
  const draft = (source: unknown) => ({
    text: 'yaml',
    data: planFrom(source, {goal: 'g', name: 'r', commit: null, scan: scanned}),
  })
  const tools = toolsOf(scripted().ask, {draft})
  const {output, usage} = await execute(pipelineOf('offline.yaml'), {}, tools, {nonce, now: clock()})
  expect(Plan.parse(output.data)).toMatchObject({findings: [{category: 'raw-send', source: 'scan'}]})
  expect(usage.calls).toBe(0)
})

describe('judge', () => {
  test('hands back what the model said, whatever it is', async () => {
    const model = scripted('not even JSON')
    const tools = toolsOf(model.ask, {schemas: {}})
    const {output} = await execute(pipelineOf('judge.yaml'), {questions: '{"nonce": "q"}'}, tools, {
      nonce,
      now: clock(),
    })
    expect(output.text).toBe('not even JSON')
    expect(model.asked[0]).toMatchObject({provider: 'gemini', temperature: 0, schema: {required: ['nonce', 'items']}})
    expect(model.asked[0]?.messages[0]?.text).toContain('{"nonce": "q"}')
    expect(model.asked[0]?.system).not.toContain('"q"')
  })
})

describe('apply', () => {
  const change = {id: 'C1', instructions: 'Call it.'}
  const inputs = {change, files: '<file path="lib/a.ex">\na\n</file>', findings: []}
  const edits = (file: string) =>
    JSON.stringify({edits: [{file, find: 'a', replace: 'b'}], create: [], delete: [], cannot: null})
  const checks = {edits: (data: unknown) => (JSON.stringify(data).includes('/etc') ? ['/etc/x: leads out'] : [])}
  const tools = (model: ReturnType<typeof scripted>) => toolsOf(model.ask, {schemas: {edits: answerSchema}, checks})
  test('what its asker sees to be wrong is sent back once, as a wrong form is', async () => {
    const model = scripted(edits('/etc/x'), edits('lib/a.ex'))
    const {output} = await execute(pipelineOf('apply.yaml'), inputs, tools(model), {nonce, now: clock()})
    expect(output.data).toMatchObject({edits: [{file: 'lib/a.ex'}]})
    expect(model.asked[1]?.messages.map(({role}) => role)).toEqual(['user', 'assistant', 'user'])
    expect(model.asked[1]?.messages[2]?.text).toMatch(
      /no file was touched[^]*<untrusted-data name="errors"[^]*\/etc\/x: leads out/,
    )
  })
  test('and ends the run when it is wrong again', async () => {
    const model = scripted(edits('/etc/x'), edits('/etc/x'))
    await expect(execute(pipelineOf('apply.yaml'), inputs, tools(model), {nonce, now: clock()})).rejects.toMatchObject({
      code: 'model-output-invalid',
      message: expect.stringContaining('/etc/x: leads out'),
    })
  })
  test('every value of it is fenced: a plan may be the work of a stranger', async () => {
    const model = scripted(edits('lib/a.ex'))
    await execute(pipelineOf('apply.yaml'), inputs, tools(model), {nonce, now: clock()})
    const text = model.asked[0]?.messages[0]?.text ?? ''
    for (const name of ['files', 'findings', 'change'])
      expect(text).toContain(`<untrusted-data name="${name}" nonce="${nonce}">`)
    expect(model.asked[0]?.system).not.toContain('Call it.')
  })
})

test('every step type and every input stands in the documents', () => {
  const readme = textOf('README.md')
  for (const name of knownInputs) expect(readme).toContain(`\`${name}\``)
  const full = textOf('../docs/pipelines.md')
  for (const name of [...stepTypeNames, ...knownInputs]) expect(full).toContain(`\`${name}\``)
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? []
  expect(parsePipeline(example, 'README.md')).toMatchObject({ok: true})
  expect(readme.split('\n').length).toBeLessThanOrEqual(80)
})
