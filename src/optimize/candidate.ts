/** A pipeline's words as one value to search over, and their way back into the YAML they came from. */
import {isMap, isScalar, isSeq, parseDocument, Scalar, visit, type Document, type YAMLMap} from 'yaml'
import {parseYaml, renderProblem} from '../document.ts'
import {Failure} from '../errors.ts'
import {parsePipeline} from '../pipeline/pipeline.ts'
import type {Pipeline} from '../pipeline/step.ts'

/** `step/text` → words: `analysis/prompt`, `analysis/system`, `analysis/examples`. */
export type Candidate = Readonly<Record<string, string>>

export const candidateOf = ({steps}: Pipeline): Candidate =>
  Object.fromEntries(
    steps.flatMap(({name, texts}) => Object.entries(texts).map(([text, words]) => [`${name}/${text}`, words])),
  )

/** The pipeline with these words; what the candidate does not name stays. Throws `Failure` `unknown-text`. */
export function withCandidate(pipeline: Pipeline, candidate: Candidate): Pipeline {
  const known = candidateOf(pipeline)
  const unknown = Object.keys(candidate).find((key) => !Object.hasOwn(known, key))
  if (unknown !== undefined) throw unknownText(unknown, Object.keys(known))
  return {
    ...pipeline,
    steps: pipeline.steps.map((step) => {
      const changed = Object.entries(step.texts).flatMap(([text, words]) => {
        const next = candidate[`${step.name}/${text}`]
        return next === undefined || next === words ? [] : [[text, next] as const]
      })
      return changed.length === 0 ? step : step.withTexts({...step.texts, ...Object.fromEntries(changed)})
    }),
  }
}

const unknownText = (name: string, known: readonly string[]): Failure =>
  new Failure('unknown-text', `no step has the text ${name}`, {hint: `there are: ${known.join(', ')}`})

/**
 * The YAML with these words in it; comments, order, ends of lines and everything else stay. Without a change it is the same text.
 * Throws `Failure`: `bad-pipeline`, `unknown-text`, `candidate-not-written` if what was written does not read back as the candidate.
 */
export function writeCandidate(yaml: string, file: string, candidate: Candidate): string {
  const before = candidateOf(pipelineIn(yaml, file))
  const unknown = Object.keys(candidate).find((key) => !Object.hasOwn(before, key))
  if (unknown !== undefined) throw unknownText(unknown, Object.keys(before))
  const changed = Object.entries(candidate).filter(([key, words]) => before[key] !== words)
  if (changed.length === 0) return yaml
  const document = parseDocument(yaml, {version: '1.2', schema: 'core'})
  for (const [key, words] of changed) {
    const at = key.lastIndexOf('/')
    setText(document, key.slice(0, at), key.slice(at + 1), before[key] ?? '', words)
  }
  const lines = document.toString({lineWidth: 0, flowCollectionPadding: /\{ \S/.test(yaml)})
  // a line ends in one way in a file, and in YAML both ways mean the same
  const written = /\r\n/.test(yaml) && !/(?<!\r)\n/.test(yaml) ? lines.replaceAll('\n', '\r\n') : lines
  const after = candidateOf(pipelineIn(written, file))
  const lost = Object.entries({...before, ...candidate}).find(([key, words]) => after[key] !== words)
  if (lost !== undefined)
    throw new Failure('candidate-not-written', `${file}: ${lost[0]} does not read back as it was written`, {
      hint: 'write out the prompts of this step where they stand: no anchors, no aliases, no defaults of the workflow',
    })
  return written
}

/** Names of inputs are the caller's business; here only the words matter. */
function pipelineIn(yaml: string, file: string): Pipeline {
  const syntax = parseYaml(yaml, file)
  const read = syntax.ok ? parsePipeline(yaml, file) : syntax
  if (read.ok) return read.value
  throw new Failure('bad-pipeline', read.problems.map(renderProblem).join('\n'), {
    hint: 'the words of a pipeline can only be changed in a file that is valid',
  })
}

function setText(document: Document, stepName: string, text: string, before: string, words: string): void {
  const step = stepsOf(document).find((candidate) => candidate.get('name') === stepName)
  if (step === undefined) return
  if (text === 'system') setSystem(document, step, words)
  else if (text === 'prompt') setPrompt(document, step, before, words)
  else setWords(document, step, [text], words)
}

function stepsOf(document: Document): readonly YAMLMap[] {
  const steps = document.getIn(['workflow', 'steps'], true) ?? document.getIn(['steps'], true)
  return isSeq(steps) ? steps.items.flatMap((item) => (isMap(item) ? [item] : [])) : []
}

/** Where the words stand already, in whichever of the formats' spellings. */
function setSystem(document: Document, step: YAMLMap, words: string): void {
  if (step.has('system_prompt')) return setWords(document, step, ['system_prompt'], words)
  const options = step.get('claude_options', true)
  if (!step.has('system') && isMap(options) && options.has('system_prompt'))
    return setWords(document, step, ['claude_options', 'system_prompt'], words)
  return setWords(document, step, ['system'], words)
}

/**
 * A list prompt keeps its form when one static part holds all words that changed; else the whole prompt becomes one
 * text, in which `{{steps.name}}` says what a `previous_response` part said.
 */
function setPrompt(document: Document, step: YAMLMap, before: string, words: string): void {
  const name = ['prompt_parts', 'instructions'].find((each) => step.has(each) && !step.has('prompt')) ?? 'prompt'
  const prompt = step.get(name, true)
  const parts = isSeq(prompt) ? prompt.items.flatMap((item) => (isMap(item) ? [item] : [])) : []
  const statics = parts.filter((part) => part.get('type') === 'static')
  const [only] = statics
  const content = only?.get('content')
  if (only !== undefined && statics.length === 1 && typeof content === 'string') {
    const start = before.indexOf(content)
    const head = before.slice(0, start)
    const tail = before.slice(start + content.length)
    if (words.startsWith(head) && words.endsWith(tail) && words.length >= head.length + tail.length)
      return setWords(document, only, ['content'], words.slice(head.length, words.length - tail.length))
  }
  return setWords(document, step, [name], words)
}

/** A scalar keeps its comments; text of several lines becomes a block, except where `yaml` must escape. */
function setWords(document: Document, map: YAMLMap, path: readonly string[], words: string): void {
  const old = map.getIn(path, true)
  const scalar = isScalar(old) ? old : new Scalar(words)
  leaveAnchor(document, scalar)
  scalar.value = words
  if (words.includes('\n')) scalar.type = Scalar.BLOCK_LITERAL
  else if (scalar.type === Scalar.BLOCK_LITERAL || scalar.type === Scalar.BLOCK_FOLDED)
    scalar.type = Scalar.QUOTE_DOUBLE
  if (!isScalar(old)) map.setIn(path, scalar)
}

/** Who repeats these words by an alias keeps them as they were: the first of them has the anchor from now on. */
function leaveAnchor(document: Document, scalar: Scalar): void {
  const {anchor, value, type} = scalar
  if (anchor === undefined) return
  let isLeft = false
  visit(document, {
    Alias: (_, alias) => {
      if (isLeft || alias.resolve(document) !== scalar) return undefined
      isLeft = true
      const heir = new Scalar(value)
      heir.anchor = anchor
      if (type !== undefined) heir.type = type
      return heir
    },
  })
  if (isLeft) delete scalar.anchor
}
