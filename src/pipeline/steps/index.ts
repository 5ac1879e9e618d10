/** The step types a pipeline may name. A new one is a file beside this and a line here. */
import type {StepBinder} from '../step.ts'
import {echo} from './echo.ts'
import {llm} from './llm.ts'
import {plan} from './plan.ts'
import {scan} from './scan.ts'

const claude = {provider: 'claude', model: 'claude-sonnet-5-5', json: false, temperature: false}
const gemini = {provider: 'gemini', model: 'gemini-2.5-flash', json: false, temperature: true}

export const stepTypes = {
  claude: llm({...claude, summary: 'One question to Claude.'}),
  claude_extract: llm({
    ...claude,
    summary: 'As `claude`; with `schema` or `extraction_config: {format: json}` for JSON.',
  }),
  claude_smart: llm({...claude, summary: 'As `claude`; the name is kept for pipelines of pipeline_ex.'}),
  claude_robust: llm({...claude, summary: 'As `claude`; every provider retries, so that the name adds nothing.'}),
  gemini: llm({...gemini, summary: 'One question to Gemini.'}),
  gemini_instructor: llm({
    ...gemini,
    json: true,
    summary: 'As `gemini`; the answer is JSON, of `schema` if there is one.',
  }),
  llm: llm({
    provider: null,
    model: null,
    json: false,
    temperature: true,
    summary: 'One question to any provider: `provider` and `model` are required.',
  }),
  scan,
  plan,
  echo,
  test_echo: echo,
} as const satisfies Record<string, StepBinder>

export const stepTypeNames: readonly string[] = Object.keys(stepTypes)

export const stepTypeOf = (name: string): StepBinder | undefined =>
  Object.entries<StepBinder>(stepTypes).find(([key]) => key === name)?.[1]
