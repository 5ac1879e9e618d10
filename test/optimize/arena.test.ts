/** What stands between the benchmark of optimizers and its worlds: the words of the product, the forms of the peer, the statistics. */
import {describe, expect, test} from 'vitest'
import {formIn} from '../../bench/optimize/forms.ts'
import {proposed} from '../../bench/optimize/mind.ts'
import {axIn} from '../../bench/optimize/peers.ts'
import {renderer} from '../../bench/optimize/runner.ts'
import {clopperPearson, pairedOf, studentQuantile, summaryOf} from '../../bench/optimize/statistics.ts'
import {worldOf, type World} from '../../bench/optimize/world.ts'

function made(): World {
  const world = worldOf('facets', 3, 'test')
  if (world === null) throw new Error('there is no such landscape')
  return world
}
const facets = made()
const [missed = ''] = facets.symptoms.map(({phrase}) => phrase)
const [known] = facets.keys
const rule = known === undefined ? '' : facets.ruleOf(known, () => 0)
const words = `Module: scan\nFind the items.\n- ${rule}`
const answerTo = (prompt: string, at = 0): string =>
  proposed({world: facets, prompt, random: facets.random('test', at), phase: 0})

describe('the words of the product', () => {
  test.each(['rules', 'rewrite'] as const)('%s: the model of the worlds knows what it is asked for', async (want) => {
    const evidence = [{what: 'missed', reason: missed, count: 3}] as const
    const prompt = await (
      await renderer()
    )({
      want,
      step: 'scan',
      words: `${words}\n`,
      evidence,
      tried: [],
      most: 2,
      replicate: 0,
    })
    const answers = Array.from({length: 20}, (_, at) => answerTo(prompt, at))
    if (want === 'rules') for (const answer of answers) expect(answer).toMatch(/^(?:- .+(?:\n|$)){1,2}|^None\.$/)
    else for (const answer of answers) expect(answer).toMatch(/^```\nModule: scan\nFind the items\.\n[^]*```$/)
    expect(answers.filter((answer) => /untrusted-data|went wrong/.test(answer))).toEqual([])
  })
})

describe('the forms of ax', () => {
  const fields = (key: string, described: string): string =>
    `${described}\nYou must generate the following fields:\n\nSome Name (wire key: \`${key}\`): (This string field must be included) It.\n`
  const summed = `${fields('feedbackSummary', 'Target Id: Target program ID.')}Eval Feedback: [\n  "${missed}",\n  "nothing known"\n]\n`
  const renewed = `${fields('newValue', 'Current Value: Current value of the component.\nMinibatch: Array.')}Current Value: ${words}\n\nFeedback Summary: ${missed}\n\nMinibatch: []\n`

  test.each([
    ['no form', 'Write it anew.', null],
    ['a summary', summed, {field: 'feedbackSummary', words: null}],
    ['new words', renewed, {field: 'newValue', words}],
    ['new words without a summary', renewed.replace(/^Feedback Summary: .*\n\n/m, ''), {field: 'newValue', words}],
  ])('%s', (_, prompt, form) => {
    expect(formIn(prompt)).toEqual(form)
  })

  test('a summary says again most of what it was told, and only what means something', () => {
    const answers = Array.from({length: 200}, (_, at) => answerTo(summed, at))
    const repeated = answers.filter((answer) => answer === `feedbackSummary: ${missed}`)
    expect(Math.abs(repeated.length / 200 - 0.9)).toBeLessThan(0.08)
  })

  test('new words are the old ones with more, and no fence', () => {
    const answers = Array.from({length: 50}, (_, at) => answerTo(renewed, at))
    for (const answer of answers) expect(answer).toMatch(/^newValue: Module: scan\nFind the items\.\n(?:- .+\n)*$/)
    expect(answers.filter((answer) => answer.includes(rule)).length).toBeGreaterThan(40)
  })

  test('where it is not installed it is not there', async () => {
    expect(await axIn('/nowhere')).toBe(null)
  })
})

describe('statistics', () => {
  // tables of Student's distribution and of exact binomial limits
  test.each([
    [1, 6.3138],
    [4, 2.1318],
    [9, 1.8331],
    [19, 1.7291],
    [120, 1.6577],
  ])('Student, 95 %%, %i degrees of freedom: %f', (freedom, quantile) => {
    expect(studentQuantile(0.95, freedom)).toBeCloseTo(quantile, 3)
  })

  test.each([
    [0, 20, 0.1391],
    [2, 20, 0.2826],
    [10, 20, 0.698],
    [20, 20, 1],
  ])('%i of %i: at most %f', (few, many, most) => {
    expect(clopperPearson(few, many)).toBeCloseTo(most, 3)
  })

  test.each([
    [[], null],
    [[0.5], {mean: 0.5, error: null, count: 1, least: null, wins: 1}],
    [[1, 2, 3], {mean: 2, error: expect.closeTo(0.5774, 4), count: 3, least: expect.closeTo(0.3141, 3), wins: 3}],
    [[-1, 1], {mean: 0, error: 1, count: 2, least: expect.closeTo(-6.3138, 3), wins: 1}],
  ])('pairs %j', (differences, paired) => {
    expect(pairedOf(differences)).toEqual(paired)
    expect(summaryOf(differences)?.mean).toBe(paired?.mean)
  })
})
