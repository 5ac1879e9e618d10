/** M4, M23, M24: do plans by people who never saw the gold standard get what they found? (scoring research §4.1, §4.3) */
import {describe, expect, it, test} from 'vitest'
import {cases} from './golds.ts'
import {
  compositeOf,
  f1Of,
  linkedOf,
  pairAuc,
  reviewerRows,
  reviewsOf,
  wordingsOf,
  type Linked,
  type Review,
} from './reviewers.ts'
import {scoreOf} from './perturbation.ts'

const reviewed = cases.filter((given) => reviewsOf(given).length > 0)

it('there are reviews of several code bases, with hold-outs, and every finding has a label', () => {
  expect(reviewed.map(({gold}) => gold.name)).toEqual(
    expect.arrayContaining(['go-relay', 'otp-shop', 'py-ingest', 'ts-billing']),
  )
  expect(reviewed.flatMap(reviewsOf).filter((review) => review.isHeldOut)).toHaveLength(5)
  for (const given of reviewed) {
    const known = new Set(given.gold.findings.map(({id}) => id))
    for (const {plan, labels} of reviewsOf(given)) {
      expect([...labels.keys()].toSorted()).toEqual(plan.findings.map(({id}) => id).toSorted())
      for (const label of labels.values()) expect(label === null || known.has(label)).toBe(true)
    }
    const said = new Set(wordingsOf(given).map(({label}) => label))
    expect(given.plan.findings.filter(({id}) => !said.has(id)).map(({id}) => id)).toEqual([])
  }
})

describe.each(reviewed.map((given) => [given.gold.name, given] as const))('%s', (_, given) => {
  const [composite, ...rows] = reviewerRows

  test.each(rows)('$id $what: $target', ({measure}) => {
    expect(measure(given)).toMatchObject({ok: true})
  })

  test("M4 the same defects in other authors' words score nearly as much", () => {
    expect(composite?.measure(given)).toMatchObject({ok: true})
    expect(scoreOf(compositeOf(given), given)).toBeGreaterThanOrEqual(9)
  })
})

describe('M24 over all reviews', () => {
  const linked: readonly Linked[] = reviewed.flatMap((given) =>
    reviewsOf(given).map((review) => linkedOf(review, given)),
  )

  it('links nearly all findings as people do', () => {
    expect(f1Of(linked)).toBeGreaterThanOrEqual(0.9)
    expect(f1Of(linked.filter(({review}) => review.isHeldOut))).toBeGreaterThanOrEqual(0.9)
  })

  const heldOut = reviewed.flatMap((given) =>
    reviewsOf(given)
      .filter((review) => review.isHeldOut && [...review.labels.values()].filter(Boolean).length >= 10)
      .map((review): readonly [string, Review, (typeof reviewed)[number]] => [
        `${given.gold.name}, ${review.author}`,
        review,
        given,
      ]),
  )
  it.each(heldOut)('does so in a review that nothing was tuned on: %s', (_, review, given) => {
    expect(f1Of([linkedOf(review, given)])).toBeGreaterThanOrEqual(0.85)
    expect(pairAuc(given, [review])).toBeGreaterThanOrEqual(0.97)
  })
  it('has several of those', () => {
    expect(heldOut).toHaveLength(4)
  })
})
