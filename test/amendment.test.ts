/** Keys that a pipeline needs are missed before anything is paid for. */
import {describe, expect, test} from 'vitest'
import {checkKeys} from '../src/amendment.ts'
import {keysOf} from '../src/outside.ts'
import type {Pipeline} from '../src/pipeline/step.ts'
import {failureOf} from './provider.ts'
import {read, withSteps} from './pipeline/scripted.ts'

const asking = (...models: readonly string[]): Pipeline =>
  read(
    withSteps(
      ...models.map((each, index) => {
        const [provider = '', model = ''] = each.split('/')
        return `{name: step_${index + 1}, type: llm, provider: ${provider}, model: ${model}, prompt: Say something.}`
      }),
    ),
  )

const around = (inside: string): Pipeline =>
  read(withSteps(`name: many\ntype: map\nover: [1, 2]\nsteps:\n  - ${inside}`))

const both = {ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: 'k'}
const check = (pipeline: Pipeline, env: Readonly<Record<string, string>>) => async (): Promise<void> =>
  checkKeys(pipeline, keysOf(env))

describe('the keys that a pipeline needs', () => {
  test.each<readonly [string, Pipeline, Readonly<Record<string, string>>]>([
    ['no model', read(withSteps('{name: a, type: echo, value: x}')), {}],
    ['each its key', asking('claude/m', 'gemini/m', 'openai/m'), {...both, OPENAI_API_KEY: 'k'}],
    ['the other name of one', asking('gemini/m'), {GOOGLE_API_KEY: 'k'}],
    ['a server that wants no key', asking('openai/qwen3'), {OPENAI_BASE_URL: 'http://localhost:11434/v1'}],
    ['keys of others are not asked for', asking('openai/m'), {OPENAI_API_KEY: 'k'}],
  ])('are there: %s', async (_, pipeline, env) => {
    await expect(check(pipeline, env)()).resolves.toBeUndefined()
  })

  test.each<readonly [string, Pipeline, Readonly<Record<string, string>>, string, RegExp]>([
    ['claude', asking('claude/m'), {}, 'missing-key', /^set ANTHROPIC_API_KEY$/],
    ['gemini', asking('claude/m', 'gemini/m'), {ANTHROPIC_API_KEY: 'k'}, 'missing-key', /^set GEMINI_API_KEY or GOOG/],
    ['openai', asking('openai/m'), both, 'missing-key', /^set OPENAI_API_KEY, or OPENAI_BASE_URL for a server/],
    [
      'an endpoint of another',
      asking('claude/m'),
      {ANTHROPIC_BASE_URL: 'http://x'},
      'missing-key',
      /ANTHROPIC_API_KEY/,
    ],
    ['inside of a step', around('{name: a, type: gemini, prompt: x}'), {}, 'missing-key', /GEMINI_API_KEY/],
    ['nobody of that name', asking('nobody/m'), both, 'unknown-provider', /^providers are: claude, gemini, openai$/],
  ])('are missed: %s', async (_, pipeline, env, code, hint) => {
    const failure = await failureOf(check(pipeline, env)())
    expect(failure).toMatchObject({code, exit: 2, hint: expect.stringMatching(hint)})
    expect(failure.message).toMatch(/^p asks \w+\//)
  })
})
