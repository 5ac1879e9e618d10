/** The genesis pipeline with both keys, against servers that speak the vendors' wire formats. */
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {Plan} from '../../src/plan/plan.ts'
import type {Answer} from '../fixtures/models.ts'
import {forms, visibleIn} from './harmless.ts'
import {claudeKey, failing, gate, geminiKey, headline, inScene, keys, readIn} from './scene.ts'
import {genesis, roleOf, spawnClaim, sumClaim, type Role} from './script.ts'

const timeout = 120_000
const both = [spawnClaim, sumClaim]

/** Answers the n-th call of a role; the others are answered as if all were well. */
const at = (role: Role, answers: readonly (Answer | null)[]): ((asked: unknown, role: Role) => Answer | null) => {
  let calls = 0
  return (_, asked) => (asked === role ? (answers[calls++] ?? null) : null)
}

describe.concurrent('genesis with both keys', {timeout}, () => {
  test('analysis, cross-check, plan and judge end in a plan that passes where the offline one fails', () =>
    inScene({base: failing, models: genesis(both)}, async (scene) => {
      const {models, repository, onPull, statusesOf, comments} = scene
      const run = await onPull({inputs: keys(models)})
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(models.requests.map((asked) => [asked.provider, roleOf(asked), asked.refused])).toEqual([
        ['claude', 'analysis', null],
        ['gemini', 'cross_check', null],
        ['claude', 'changes', null],
        ['gemini', 'judge', null],
        ['gemini', 'judge', null],
        ['gemini', 'judge', null],
      ])
      const [body = ''] = comments()
      expect(headline(body)).toMatch(/^✅ Refactor plan: \d+\.\d of 10, gate passed/)
      expect(body).toContain('`claude/claude-sonnet-5-5`, `gemini/gemini-2.5-flash`')
      expect(body).toContain('a model judged what the deterministic score leaves open')
      expect(body).toMatch(/6 model calls, \\\$0\.\d+/)
      expect(body).not.toContain('offline')
      expect(run.outputs).toMatchObject({
        verdict: 'pass',
        pipeline: 'genesis',
        'score-low': expect.stringMatching(/^\d+(?:\.\d+)?$/),
        'score-high': expect.stringMatching(/^\d+(?:\.\d+)?$/),
        'cost-usd': expect.stringMatching(/^0\.\d+$/),
      })
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} success`])
      const plan = Plan.parse(parse(readIn(run, run.outputs['plan-path'])))
      expect(plan.findings.map(({id, source}) => [id, source])).toEqual([
        ['F1', 'model'],
        ['F2', 'model'],
      ])
      // the gold standard is not shown to whoever writes the plan
      const shown = models.requests.filter((asked) => roleOf(asked) !== 'judge').map(({prompt}) => prompt)
      expect(shown.every((prompt) => prompt.includes('def checkout(order) do'))).toBe(true)
      expect(shown.filter((prompt) => prompt.includes('gold.yaml') || prompt.includes('must: true'))).toEqual([])
      // and no key goes anywhere but to its own vendor
      for (const form of [...forms(claudeKey), ...forms(geminiKey)]) expect(visibleIn(run, scene)).not.toContain(form)
      for (const {provider, headers, prompt, system, body: sent} of models.requests) {
        const all = JSON.stringify([headers, prompt, system, sent])
        expect([all.includes(claudeKey), all.includes(geminiKey), all.includes('ghs_runner')]).toEqual([
          provider === 'claude',
          provider === 'gemini',
          false,
        ])
      }
    }))

  test('keys that come from the environment do as well, and the other name of the second one', () =>
    inScene({base: failing, models: genesis(both)}, async (scene) => {
      const {models, onPull} = scene
      const run = await onPull({
        env: {
          ANTHROPIC_API_KEY: claudeKey,
          GOOGLE_API_KEY: `${geminiKey}\n`,
          ANTHROPIC_BASE_URL: models.anthropicUrl,
          GEMINI_BASE_URL: models.geminiUrl,
        },
        inputs: {judge: 'off'},
      })
      expect({code: run.code, pipeline: run.outputs['pipeline']}).toEqual({code: 0, pipeline: 'genesis'})
      expect(models.requests).toHaveLength(3)
      for (const form of [...forms(claudeKey), ...forms(geminiKey)]) expect(visibleIn(run, scene)).not.toContain(form)
    }))

  test.each([
    {required: 'false', code: 0, verdict: 'pass', state: 'success', says: /^✅ /},
    {required: 'true', code: 3, verdict: 'error', state: 'error', says: /^⚠️ .*A judge is required/},
  ])('a judge without an answer is said to be; require-judge $required', ({required, code, verdict, state, says}) =>
    inScene(
      {
        base: failing,
        models: genesis(both, (_, role) => (role === 'judge' ? 'I would rather not say.' : null)),
        isHere: true,
      },
      async ({models, onPull, comments, repository, statusesOf}) => {
        const run = await onPull({inputs: {...keys(models), 'require-judge': required}})
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code, verdict})
        expect(headline(comments()[0])).toMatch(says)
        expect(comments()[0]).toContain('the judge was asked for and could not be reached')
        expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} ${state}`])
      },
    ),
  )

  test('a job that is cancelled while a model thinks leaves no status pending', () =>
    inScene(
      {base: failing, models: genesis(both, () => ({fault: 'stall'}))},
      async ({hub, models, onPull, repository, statusesOf}) => {
        let send: (signal: NodeJS.Signals) => void = () => {}
        const running = onPull({inputs: keys(models), started: (given) => void (send = given)})
        while (models.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
        send('SIGINT')
        const run = await running
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 3, verdict: 'error'})
        expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} error`])
        expect(hub.state.statuses.at(-1)?.description).toContain('cancelled')
      },
    ))
})

/** A pipeline of the repository's own, in the base commit. */
const own = (model: string): string =>
  `name: own
steps:
  - {name: changes, type: llm, provider: openai, model: ${model}, schema: plan, prompt: "{{user_prompt}} {{repository}}"}
  - {name: plan, type: plan, from: changes}
`

describe.concurrent('a pipeline of another provider', {timeout}, () => {
  const openaiKey = 'sk-proj-acceptance-0123456789'
  test.each<{
    readonly name: string
    readonly inputs?: Readonly<Record<string, string>>
    readonly env?: Readonly<Record<string, string>>
    readonly endpoint: 'input' | 'variable'
    readonly isKeyed: boolean
  }>([
    {name: 'key and endpoint by inputs', inputs: {'openai-api-key': openaiKey}, endpoint: 'input', isKeyed: true},
    {
      name: 'a key of the environment',
      env: {OPENAI_API_KEY: `${openaiKey}\n`},
      endpoint: 'variable',
      isKeyed: true,
    },
    {name: 'a server that wants no key', endpoint: 'input', isKeyed: false},
  ])('$name', ({inputs, env, endpoint, isKeyed}) =>
    inScene(
      {base: {...failing, 'pipelines/own.yaml': own('gpt-5.4-mini')}, models: genesis(both), isHere: true},
      async (scene) => {
        const {models, onPull} = scene
        const url = models.openaiUrl
        const run = await onPull({
          inputs: {
            ...keys(models),
            pipeline: 'pipelines/own.yaml',
            judge: 'off',
            ...(endpoint === 'input' ? {'openai-base-url': url} : {}),
            ...inputs,
          },
          env: {...(endpoint === 'variable' ? {OPENAI_BASE_URL: url} : {}), ...env},
        })
        expect({code: run.code, verdict: run.outputs['verdict'], pipeline: run.outputs['pipeline']}).toEqual({
          code: 0,
          verdict: 'pass',
          pipeline: 'own',
        })
        expect(
          models.requests.map(({provider, headers, refused}) => [provider, headers['authorization'] ?? null, refused]),
        ).toEqual([['openai', isKeyed ? `Bearer ${openaiKey}` : null, null]])
        expect(run.stdout.includes(`::add-mask::${openaiKey}`)).toBe(isKeyed)
        for (const form of [openaiKey, claudeKey, geminiKey].flatMap(forms))
          expect(visibleIn(run, scene)).not.toContain(form)
      },
    ),
  )

  test('what the answer repeats of its key is taken out', () =>
    inScene(
      {
        base: {...failing, 'pipelines/own.yaml': own('gpt-5.4-mini')},
        models: genesis([{...spawnClaim, description: `The key is ${openaiKey}, and it is in the header.`}, sumClaim]),
        isHere: true,
      },
      async (scene) => {
        const {models, onPull, comments} = scene
        const run = await onPull({
          inputs: {
            'openai-api-key': openaiKey,
            'openai-base-url': models.openaiUrl,
            pipeline: 'pipelines/own.yaml',
            judge: 'off',
          },
        })
        expect(run.code).toBe(0)
        expect(comments()[0]).toContain('The key is')
        for (const form of forms(openaiKey)) expect(visibleIn(run, scene)).not.toContain(form)
      },
    ))

  test('neither key nor endpoint', () =>
    inScene({base: {...failing, 'pipelines/own.yaml': own('gpt-5.4-mini')}, isHere: true}, async ({models, onPull}) => {
      const run = await onPull({inputs: {...keys(models), pipeline: 'pipelines/own.yaml'}})
      expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 2, verdict: 'error'})
      expect(run.stdout).toMatch(/openai \(gpt-5\.4-mini\) needs a key[^]*OPENAI_API_KEY/)
      expect(models.requests).toEqual([])
    }))
})

describe.concurrent('what a model may do wrong', {timeout}, () => {
  const broken = 'Here is the analysis: {"findings": [oh'
  const limited = {status: 429, headers: {'retry-after': '1'}, message: 'slow down'}
  const each = (...answers: readonly (readonly [Role, Answer])[]): ReturnType<typeof at> => {
    const ways = answers.map(([role, answer]) => [role, at(role, [answer])] as const)
    return (asked, role) => ways.find(([name]) => name === role)?.[1](asked, role) ?? null
  }
  test.each([
    {name: 'malformed JSON once is repaired', instead: at('analysis', [broken]), calls: 4, atLeast: 0},
    {name: 'a rate limit is waited for', instead: at('analysis', [limited]), calls: 4, atLeast: 1000},
    {
      name: 'half an answer, a broken connection and a plan without form, once each',
      instead: each(
        ['analysis', {text: '{"commands": [', stop: 'length'}],
        ['cross_check', {fault: 'reset-midway'}],
        ['changes', {json: {summary: 1}}],
      ),
      calls: 6,
      atLeast: 0,
    },
  ])('$name', ({instead, calls, atLeast}) =>
    inScene(
      {base: failing, models: genesis(both, instead), isHere: atLeast === 0},
      async ({models, onPull, repository, statusesOf}) => {
        const run = await onPull({inputs: {...keys(models), judge: 'off'}})
        expect({code: run.code, verdict: run.outputs['verdict']}).toEqual({code: 0, verdict: 'pass'})
        expect(models.requests).toHaveLength(calls)
        expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} success`])
        expect(Date.now() - run.startedAt).toBeGreaterThan(atLeast)
      },
    ),
  )

  const always = (wanted: Role, answer: Answer) => (_: unknown, role: Role) => (role === wanted ? answer : null)
  test.each([
    {
      name: 'malformed JSON',
      instead: always('analysis', broken),
      code: 3,
      says: /model-output-invalid/,
      hint: /max_tokens/,
      calls: 2,
    },
    {
      name: 'a plan without form',
      instead: always('changes', {json: {summary: 1}}),
      code: 3,
      says: /model-output-invalid/,
      hint: /schema/,
      calls: 4,
    },
    {
      name: 'a wrong key',
      instead: always('analysis', {status: 401, message: `invalid x-api-key ${claudeKey}`}),
      code: 2,
      says: /model-key-refused/,
      hint: /check ANTHROPIC_API_KEY/,
      calls: 1,
    },
    {
      name: 'a refusal',
      instead: always('cross_check', {blocked: true}),
      code: 3,
      says: /model-refused/,
      hint: /another model/,
      calls: 2,
    },
    {
      name: 'a limit that asks for more patience than there is',
      instead: always('analysis', {status: 429, headers: {'retry-after': '7200'}}),
      code: 3,
      says: /model-unavailable/,
      hint: /later/,
      calls: 1,
    },
  ])('$name, always: an error that says so, and never a success', ({instead, code, says, hint, calls}) =>
    inScene({base: failing, models: genesis(both, instead), isHere: code !== 2}, async (scene) => {
      const {models, onPull, repository, statusesOf, comments} = scene
      const run = await onPull({inputs: {...keys(models), judge: 'off'}})
      expect({code: run.code, verdict: run.outputs['verdict'], state: run.outputs['status-state']}).toEqual({
        code,
        verdict: 'error',
        state: 'error',
      })
      expect(models.requests).toHaveLength(calls)
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} error`])
      const [body = ''] = comments()
      expect(headline(body)).toMatch(says)
      expect(headline(body)).toMatch(/^⚠️ Refactor plan: could not be judged/)
      expect(body.replaceAll('\\', '')).toMatch(hint)
      expect(run.summary).toContain('could not be judged')
      expect(run.stdout).toMatch(/^::error::step /m)
      for (const form of [...forms(claudeKey), ...forms(geminiKey)]) expect(visibleIn(run, scene)).not.toContain(form)
    }),
  )

  test('money that does not reach for a call: none is made', () =>
    inScene({base: failing, models: genesis(both), isHere: true}, async ({models, onPull, repository, statusesOf}) => {
      const run = await onPull({inputs: {...keys(models), 'max-cost-usd': '0.0001'}})
      expect({code: run.code, verdict: run.outputs['verdict'], calls: models.requests.length}).toEqual({
        code: 2,
        verdict: 'error',
        calls: 0,
      })
      expect(statusesOf(repository.head)).toEqual([`${gate} pending`, `${gate} error`])
    }))
})
