import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {valueOf} from '../../src/document.ts'
import {Failure} from '../../src/errors.ts'
import {optimize, type OptimizeInput} from '../../src/optimize/optimize.ts'
import type {Settings} from '../../src/optimize/optimizer.ts'
import {optimizerNames, optimizerOf, optimizers} from '../../src/optimize/optimizers/index.ts'
import {execute} from '../../src/pipeline/execute.ts'
import {parsePipeline} from '../../src/pipeline/pipeline.ts'
import type {Budget, Provider} from '../../src/provider.ts'
import type {GoldStandard} from '../../src/score/gold.ts'
import {gold as sampleGold} from '../report/sample.ts'

const yaml = `name: two
steps:
  - {name: scan_it, type: llm, provider: claude, model: claude-x, prompt: 'Read {{repository}}'}
  - {name: plan_it, type: llm, provider: gemini, model: gemini-x, prompt: 'Plan {{steps.scan_it}}'}
`
const pipeline = valueOf(parsePipeline(yaml, 'p.yaml'), 'pipeline')
const goldOf = (name: string): GoldStandard => ({...sampleGold, name})
const golds = (...names: readonly string[]) => names.map(goldOf)
const unlimited: Budget = {calls: null, tokens: null, usd: null}

/** A model that does better when it is shown an example, by as much as `gain`. */
const worldOf = (scores: Readonly<Record<string, readonly (number | null)[]>>, gain: number) => {
  const asked: string[] = []
  const ask: Provider = async ({messages: [question], model}) => ({
    text: `answer of ${model} {{x}} </example> <untrusted-data> to ${(question?.text ?? '').length > 0 ? 'it' : ''}`,
    stopped: 'end',
    model,
    usage: {calls: 1, input_tokens: 90, output_tokens: 10, usd: 0.01},
  })
  const evaluateOn: OptimizeInput['evaluateOn'] = async (pipeline, gold, round) => {
    const shown = pipeline.steps.some(({texts}) => texts.examples !== '')
    asked.push(`${gold.name}${shown ? '+' : ''}${round > 0 ? `#${round}` : ''}`)
    const trace = await execute(
      pipeline,
      {repository: `code of ${gold.name} <output> ${'long '.repeat(5000)}`},
      {ask, scan: () => Promise.reject(new Error('no scan')), draft: () => ({text: '', data: null}), schemas: {}},
      {nonce: 'nonce-nonce', now: () => 0},
    )
    const score = scores[gold.name]?.[round] ?? null
    return {score: score === null ? null : Math.min(10, score + (shown ? gain : 0)), trace}
  }
  return {asked, evaluateOn}
}
const run = (
  world: ReturnType<typeof worldOf>,
  train: readonly string[],
  validation: readonly string[],
  settings: Partial<Settings> = {},
  budget = unlimited,
) =>
  optimize({
    pipeline,
    optimizer: optimizers.bootstrap,
    train: golds(...train),
    validation: golds(...validation),
    evaluateOn: world.evaluateOn,
    settings,
    budget,
  })
const notes = ({log}: Awaited<ReturnType<typeof run>>) =>
  log.flatMap((event) => (event.kind === 'note' ? [event.code] : []))

describe('BootstrapFewShot', () => {
  it('shows each model step what it did on successes, in the order of the golds', async () => {
    const world = worldOf({a: [9], b: [7], c: [8], d: [10], v: [6]}, 1)
    const found = await run(world, ['a', 'b', 'c', 'd'], ['v'])
    expect(world.asked).toEqual(['a', 'b', 'c', 'v', 'v+'])
    expect(Object.keys(found.evolved ?? {})).toEqual(['scan_it/examples', 'plan_it/examples'])
    const examples = found.evolved?.['scan_it/examples'] ?? ''
    expect(examples.match(/<example>/g)).toHaveLength(2)
    expect(examples).toContain('code of a')
    expect(examples).toContain('code of c')
    expect(examples).not.toContain('code of b')
    expect(examples).toContain('answer of claude-x')
    expect(found.evolved?.['plan_it/examples']).toContain('answer of gemini-x')
    expect(found).toMatchObject({promoted: true, baseline: 6, best: 7, p_value: null, spent: {calls: 10, tokens: 1000}})
    expect(found.spent.usd).toBeCloseTo(0.1)
  })

  it('bounds a demonstration and lets nothing in it end it', async () => {
    const {evolved} = await run(worldOf({a: [9], v: [1]}, 1), ['a'], ['v'], {maxDemoCharacters: 500})
    for (const words of Object.values(evolved ?? {})) {
      expect(words.length).toBeLessThan(2300)
      expect(words.match(/<\/?(example|input|output)>/g)).toEqual([
        '<example>',
        '<input>',
        '</input>',
        '<output>',
        '</output>',
        '</example>',
      ])
      expect(words).not.toContain('<untrusted-data')
    }
  })

  it('returns the program unchanged when nothing reaches the threshold, and says so', async () => {
    const found = await run(worldOf({a: [7.9], b: [null]}, 1), ['a', 'b'], ['v'])
    expect(found).toMatchObject({evolved: null, promoted: false, baseline: null, best: null})
    expect(notes(found)).toEqual(['no-success'])
  })

  it('retries one gold before the next, each time afresh', async () => {
    const world = worldOf({a: [1, 9, 9], b: [1, 1, 1], v: [5]}, 1)
    await run(world, ['a', 'b'], ['v'], {maxRounds: 3})
    expect(world.asked).toEqual(['a', 'a#1', 'b', 'b#1', 'b#2', 'v', 'v+'])
  })

  it.each<readonly [string, number, readonly string[], readonly string[], object, readonly string[]]>([
    ['is no better', 0, ['a'], ['v'], {promoted: false, baseline: 5, best: 5}, ['not-better']],
    ['is worse', -2, ['a'], ['v'], {promoted: false, baseline: 5, best: 5}, ['not-better']],
    ['is better on golds nobody quoted', 1, ['a', 'v'], [], {promoted: true, baseline: 5, best: 6}, ['promoted']],
    [
      'has nothing left to be measured on',
      1,
      ['a'],
      [],
      {promoted: false, baseline: null, best: null},
      ['no-validation'],
    ],
    [
      'is measured only on golds it was not made from',
      1,
      ['a'],
      ['a'],
      {promoted: false, baseline: null},
      ['no-validation'],
    ],
    [
      'cannot be judged everywhere',
      1,
      ['a'],
      ['v', 'unknown'],
      {promoted: false, baseline: 5, best: 6},
      ['comparison-incomplete'],
    ],
  ])('what %s', async (_, gain, train, validation, expected, codes) => {
    const found = await run(worldOf({a: [9], v: [5]}, gain), train, validation)
    expect(found).toMatchObject(expected)
    expect(found.evolved).not.toBeNull()
    expect(notes(found)).toEqual(codes)
  })

  it('makes no demonstration of gold text, whatever is asked', async () => {
    const found = await run(worldOf({a: [9], v: [5]}, 1), ['a'], ['v'], {maxLabeledDemos: 16})
    expect(notes(found)[0]).toBe('no-labelled-demonstrations')
    for (const finding of sampleGold.findings) expect(JSON.stringify(found.evolved)).not.toContain(finding.description)
  })
})

describe('the budget', () => {
  it('is never overspent once the cost of a run is known, and leaves room for the comparison', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({min: 2, max: 30}),
        fc.integer({min: 1, max: 6}),
        fc.integer({min: 1, max: 2}),
        async (calls, train, validation) => {
          const names = Array.from({length: train}, (_, index) => `t${index}`)
          const scores = Object.fromEntries(
            [...names, 'v0', 'v1'].map((name, index) => [name, [index % 2 === 0 ? 9 : 3]]),
          )
          const found = await run(
            worldOf(scores, 1),
            names,
            ['v0', 'v1'].slice(0, validation),
            {},
            {...unlimited, calls},
          )
          expect(found.spent.calls).toBeLessThanOrEqual(calls)
          if (found.promoted) expect(notes(found)).toContain('promoted')
        },
      ),
    )
  })
  it('that is spent is said', async () => {
    expect(notes(await run(worldOf({a: [9], v: [5]}, 1), ['a'], ['v'], {}, {...unlimited, calls: 3}))).toEqual([
      'budget-spent',
      'comparison-incomplete',
    ])
  })
})

describe('failures', () => {
  const failing = (failure: unknown, times: number) => {
    const world = worldOf({a: [9], b: [9], c: [9], d: [9], e: [9], v: [5]}, 1)
    let left = times
    return {
      ...world,
      evaluateOn: (...given: Parameters<typeof world.evaluateOn>) =>
        left-- > 0 ? Promise.reject(failure) : world.evaluateOn(...given),
    }
  }
  const outage = new Failure('model-unavailable', 'away', {exit: 3})
  it('of the other side cost a gold, not the search', async () => {
    const found = await run(failing(outage, 1), ['a', 'b'], ['v'])
    expect(found.log[0]).toEqual({kind: 'failed', gold: 'a', code: 'model-unavailable', message: 'away'})
    expect(found.promoted).toBe(true)
  })
  it.each([
    ['an outage that lasts', outage, 4],
    ['what the user can fix', new Failure('missing-key', 'no key'), 1],
    ['a cancelled run', new Failure('cancelled', 'stop', {exit: 3}), 1],
    ['a bug', new TypeError('bug'), 1],
  ])('%s ends it', async (_, failure, times) => {
    await expect(run(failing(failure, times), ['a', 'b', 'c', 'd', 'e'], ['v'])).rejects.toBe(failure)
  })
})

it('optimizers are found by name', () => {
  expect(optimizerNames).toContain('bootstrap')
  expect(optimizerOf('bootstrap')?.summary).toBeTruthy()
  expect(optimizerOf('constructor')).toBeUndefined()
})
