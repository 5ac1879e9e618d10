/** Measured and printed; the limits are ten times what a slow machine needs, so that only a change of order fails. */
import {expect, test} from 'vitest'
import {GoldStandard} from '../../src/score/gold.ts'
import type {Judgement} from '../../src/score/judgement.ts'
import {scorePlan} from '../../src/score/score.ts'
import {codeOf, knownCase, planOf} from './golds.ts'
import {finding} from './perturbation.ts'

const words = 'queue cart monitor ledger invoice token socket lease router batch cursor shard'.split(' ')
const code = codeOf(
  Object.fromEntries(
    Array.from({length: 60}, (_, file) => [
      `src/part_${file}.ts`,
      Array.from(
        {length: 1500},
        (_each, line) => `  const ${words[(file + line) % 12] ?? ''}_${line} = read(${file}, ${line})`,
      ).join('\n'),
    ]),
  ),
)
const findingAt = (at: number): ReturnType<typeof finding> =>
  finding({
    id: `F${at}`,
    title: `The ${words[at % 12] ?? ''} of part ${at} loses its ${words[(at * 7) % 12] ?? ''}`,
    category: ['race-condition', 'memory-leak', 'blocking'][at % 3] ?? '',
    description: `In step ${at} the ${words[(at * 5) % 12] ?? ''} is read twice. Then it is written. Nobody waits for it. It is lost.`,
    locations: [0, 1, 2].map((place) => {
      const [file, line] = [(at + place) % 60, (at * 37 + place * 400) % 1500]
      return {
        file: `src/part_${file}.ts`,
        start_line: line + 1,
        evidence: `${words[(file + line) % 12] ?? ''}_${line} = read(${file}, ${line})`,
      }
    }),
  })
const goldOf = (count: number): GoldStandard =>
  GoldStandard.parse({
    schema: 1,
    name: 'large',
    source: {path: '.'},
    findings: Array.from({length: count}, (_, at) => findingAt(at)),
  })

function timed(what: string, most: number, run: () => void): void {
  const start = performance.now()
  run()
  const took = performance.now() - start
  console.log(`${what}: ${took.toFixed(0)} ms`)
  expect(took).toBeLessThan(most)
}

const plan = (count: number): ReturnType<typeof planOf> => planOf(Array.from({length: count}, (_, at) => findingAt(at)))

test('ten findings against ten', () => {
  scorePlan(plan(10), goldOf(10), code, null)
  timed('10 × 10', 1000, () => void scorePlan(plan(10), goldOf(10), code, null))
})

test('three hundred findings against fifty', () => {
  timed('300 × 50', 15_000, () => void scorePlan(plan(300), goldOf(50), code, null))
})

test('five thousand findings against fifty', () => {
  timed('5000 × 50', 25_000, () => void scorePlan(plan(5000), goldOf(50), code, null))
})

test('an interval does not read the code again', () => {
  const split = {yes: 2, no: 1, unsure: 0}
  const judgement: Judgement = {
    state: 'ran',
    why: null,
    replicates: 3,
    pairs: Array.from({length: 12}, (_, at) => ({...split, at, gold: at})),
    support: Array.from({length: 12}, (_, at) => ({...split, at: at + 100})),
    plan: Array.from({length: 12}, () => split),
    fabricated_quotes: 0,
    seed: 's',
  }
  timed('300 × 50, judged', 25_000, () => void scorePlan(plan(300), goldOf(50), code, judgement))
})

test('sentences of one letter do not multiply', () => {
  const {gold, code: small} = knownCase
  const chatty = planOf(
    Array.from({length: 300}, (_, at) =>
      finding({
        id: `F${at}`,
        title: 'a. '.repeat(2000),
        description: `${at}. ${'b. '.repeat(50_000)}`,
        locations: gold.findings.flatMap(({locations}) => locations).slice(0, 7),
      }),
    ),
  )
  timed('300 × 10, chatty', 25_000, () => void scorePlan(chatty, gold, small, null))
})

test('a quote as long as the file is read as far as it tells something', () => {
  const own = (code.lines('src/part_1.ts') ?? []).join('\n')
  const long = planOf(
    Array.from({length: 100}, (_, at) =>
      finding({id: `F${at}`, locations: [{file: 'src/part_1.ts', start_line: 1, evidence: own}]}),
    ),
  )
  timed('100 quotes of a whole file', 25_000, () => void scorePlan(long, goldOf(10), code, null))
})
