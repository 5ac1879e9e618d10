/** ◆ What the types of steps have been called, and which canonical step each one is. A new spelling is one line here. */
import type {FormContext} from './context.ts'
import {readLoop, readMap, readPipeline, readSwitch} from './control.ts'
import {readEcho, readFile, readFileWrite, readQuery, readSet, readTransform} from './data.ts'
import type {Draft, Mapping} from './mapping.ts'
import {readModel, type ModelPreset} from './model.ts'

export interface Form {
  /** The canonical type. */
  readonly type: string
  /** Only a lenient or careful reader takes it. */
  readonly isAlias: boolean
  readonly read: (step: Mapping, out: Draft, context: FormContext) => void
}

const asItIs = (type: string): Form => ({type, isAlias: false, read: () => {}})

const canonical = (type: string, read: Form['read']): Form => ({type, isAlias: false, read})

const alias = (type: string, read: Form['read']): Form => ({type, isAlias: true, read})

const model =
  (preset: ModelPreset): Form['read'] =>
  (step, out, context) =>
    readModel(step, out, context, preset)

/** Names that models and documents invented. */
const invented: Form['read'] = model({provider: null, usually: 'claude'})

const forLoop: Form['read'] = (step, out, context) => readLoop(step, out, context, ['while'])
const mapOf =
  (type: 'batch' | 'parallel' | null): Form['read'] =>
  (step, out, context) =>
    readMap(step, out, context, type)

/** A type of pipeline_ex whose provider is none of ours is one question to Claude: that was its default. */
export const forms: Readonly<Record<string, Form>> = {
  llm: canonical('llm', model({provider: null})),
  claude: canonical('llm', model({provider: 'claude'})),
  gemini: canonical('llm', model({provider: 'gemini'})),
  openai: canonical('llm', model({provider: 'openai'})),
  claude_smart: alias('llm', model({provider: 'claude'})),
  claude_extract: alias('llm', model({provider: 'claude'})),
  claude_session: alias('llm', model({provider: 'claude', session: true})),
  claude_robust: alias('llm', model({provider: 'claude', robust: true})),
  gemini_instructor: alias('llm', model({provider: 'gemini', json: true})),
  prompt: alias('llm', invented),
  llm_call: alias('llm', invented),
  llm_analysis: alias('llm', invented),
  dspy_claude: alias('llm', model({provider: 'claude'})),
  dspy_gemini: alias('llm', model({provider: 'gemini'})),
  map: canonical('map', mapOf(null)),
  parallel: alias('map', mapOf(null)),
  parallel_claude: alias('map', mapOf('parallel')),
  claude_batch: alias('map', mapOf('batch')),
  loop: canonical('loop', (step, out, context) => readLoop(step, out, context, ['while'])),
  for_loop: alias('loop', forLoop),
  foreach: alias('loop', forLoop),
  while_loop: alias('loop', (step, out, context) => readLoop(step, out, context, ['condition', 'while'])),
  switch: canonical('switch', readSwitch),
  pipeline: canonical('pipeline', readPipeline),
  nested_pipeline: alias('pipeline', readPipeline),
  pipeline_executor: alias('pipeline', readPipeline),
  set: canonical('set', readSet),
  set_variable: alias('set', readSet),
  transform: canonical('transform', readTransform),
  data_transform: alias('transform', readTransform),
  file: canonical('file', readFile),
  file_ops: alias('file', readFile),
  file_write: alias('file', readFileWrite),
  query: canonical('query', readQuery),
  codebase_query: alias('query', readQuery),
  echo: canonical('echo', readEcho),
  test_echo: alias('echo', readEcho),
  break: asItIs('break'),
  continue: asItIs('continue'),
  shell: asItIs('shell'),
  bash: alias('shell', () => {}),
  pack: asItIs('pack'),
  scan: asItIs('scan'),
  plan: asItIs('plan'),
  score: asItIs('score'),
}
