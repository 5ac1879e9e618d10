import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {valueOf} from '../../src/document.ts'
import {candidateOf, withCandidate, writeCandidate} from '../../src/optimize/candidate.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import {anyText} from '../plan/arbitrary.ts'

const bare = `# words of the program
name: two-steps # kept
steps:
  - name: analysis
    type: llm
    provider: claude
    model: claude-x
    system: You read code.   # who
    # what
    prompt: |
      Find defects in {{repository}}.

      Say where.
  - name: plan_it
    type: llm
    provider: gemini
    model: gemini-x
    prompt:
      - {type: previous_response, step: analysis}
      - type: static
        content: Make a plan of it. # the ask
`
const wrapped = `workflow:\n${bare.replace(/^(?=.)/gm, '  ')}`
const pipeline = (yaml: string) => valueOf(parsePipeline(yaml, 'p.yaml'), 'pipeline')
const words = (yaml: string) => candidateOf(pipeline(yaml))

describe.each([
  ['bare', bare],
  ['wrapped', wrapped],
])('a %s pipeline', (_, yaml) => {
  it('is words by step and text', () => {
    expect(words(yaml)).toEqual({
      'analysis/prompt': 'Find defects in {{repository}}.\n\nSay where.\n',
      'analysis/system': 'You read code.',
      'analysis/examples': '',
      'plan_it/prompt': '{{steps.analysis}}\nMake a plan of it.',
      'plan_it/system': '',
      'plan_it/examples': '',
    })
  })

  it('is the same file when nothing changed', () => {
    expect(writeCandidate(yaml, 'p.yaml', words(yaml))).toBe(yaml)
    expect(writeCandidate(yaml, 'p.yaml', {})).toBe(yaml)
  })

  it('keeps comments, order and everything else', () => {
    const written = writeCandidate(yaml, 'p.yaml', {
      'analysis/examples': '<example>\na: b\n</example>',
      'plan_it/prompt': '{{steps.analysis}}\nPlan it.',
    })
    for (const comment of ['# words of the program', '# kept', '# who', '# what', '# the ask'])
      expect(written).toContain(comment)
    expect(written).toMatch(/examples: \|-\n\s+<example>\n\s+a: b\n/)
    expect(written).toContain('content: Plan it.')
    expect(written).toContain('{type: previous_response, step: analysis}')
    expect(words(written)).toEqual({
      ...words(yaml),
      'analysis/examples': '<example>\na: b\n</example>',
      'plan_it/prompt': '{{steps.analysis}}\nPlan it.',
    })
  })

  it('makes a list prompt one text when its parts cannot hold the words', () => {
    const written = writeCandidate(yaml, 'p.yaml', {'plan_it/prompt': 'First. {{steps.analysis}}'})
    expect(words(written)['plan_it/prompt']).toBe('First. {{steps.analysis}}')
    expect(written).not.toContain('previous_response')
  })

  it('reads back whatever is written, and a second writing changes nothing', () => {
    const text = anyText.filter((value) => !value.includes('{{'))
    fc.assert(
      fc.property(
        fc.record({
          'analysis/examples': text,
          'analysis/system': text,
          'analysis/prompt': text,
          'plan_it/prompt': text.map((value) => `{{steps.analysis}}\n${value}`),
        }),
        (candidate) => {
          const written = writeCandidate(yaml, 'p.yaml', candidate)
          expect(words(written)).toEqual({...words(yaml), ...candidate})
          expect(writeCandidate(written, 'p.yaml', candidate)).toBe(written)
          expect(candidateOf(withCandidate(pipeline(yaml), candidate))).toEqual(words(written))
        },
      ),
      {numRuns: 150},
    )
  })
})

it.each([
  ['system_prompt', 'system_prompt: Old.\n', /system_prompt: New\.\n/],
  ['claude_options', 'claude_options: {system_prompt: Old.}\n', /claude_options: \{system_prompt: New\.\}\n/],
])('writes the system words where %s has them', (_, line, expected) => {
  const yaml = `name: p\nsteps:\n  - name: a\n    type: claude\n    model: claude-x\n    ${line}    prompt: Hi\n`
  const written = writeCandidate(yaml, 'p.yaml', {'a/system': 'New.'})
  expect(written).toMatch(expected)
  expect(words(written)['a/system']).toBe('New.')
})

const step = (name: string, prompt: string): string =>
  `  - name: ${name}\n    type: claude\n    model: claude-x\n    ${prompt}\n`

it.each([
  ['prompt_parts', '[{type: static, content: Hi}]', /prompt_parts: \[\{type: static, content: Hello\}\]/],
  ['instructions', 'Hi', /instructions: Hello\n/],
])('writes the words where %s has them', (name, old, expected) => {
  const yaml = `name: p\nsteps:\n${step('a', `${name}: ${old}`)}`
  const written = writeCandidate(yaml, 'p.yaml', {'a/prompt': 'Hello'})
  expect(written).toMatch(expected)
  expect(words(written)['a/prompt']).toBe('Hello')
})

const repeated = `name: p\nsteps:\n${step('a', 'prompt: &ask Hi')}${step('b', 'prompt: *ask')}${step('c', 'prompt: *ask')}`

it.each([
  ['who says them first', {'a/prompt': 'New\n'}],
  ['who repeats them', {'b/prompt': 'New\n'}],
  ['two of them', {'a/prompt': 'New\n', 'b/prompt': 'Other\n'}],
])('words that steps share by an anchor change for %s alone', (_, candidate) => {
  const written = writeCandidate(repeated, 'p.yaml', candidate)
  expect(words(written)).toEqual({...words(repeated), ...candidate})
  expect(written).toContain('&ask Hi')
})

it('lines end as they did', () => {
  const written = writeCandidate(bare.replaceAll('\n', '\r\n'), 'p.yaml', {'analysis/prompt': 'Other.\n\n- a rule\n'})
  expect(written).not.toMatch(/(?<!\r)\n/)
  expect(words(written)['analysis/prompt']).toBe('Other.\n\n- a rule\n')
})

it.each([
  ['an unknown step', {'none/prompt': 'x'}, 'unknown-text'],
  ['an unknown text', {'analysis/mood': 'x'}, 'unknown-text'],
  ['words that name nothing known', {'analysis/prompt': 'Use {{steps.later}}'}, 'bad-pipeline'],
])('%s is refused', (_, candidate, code) => {
  expect(() => writeCandidate(bare, 'p.yaml', candidate)).toThrow(expect.objectContaining({code}))
})

it('escapes what no block can hold', () => {
  expect(writeCandidate(bare, 'p.yaml', {'analysis/system': 'a\r\nb'})).toContain(String.raw`system: "a\r\nb"`)
})

it('a broken file is refused', () => {
  expect(() => writeCandidate('name: [', 'p.yaml', {})).toThrow(expect.objectContaining({code: 'bad-pipeline'}))
})
