/** What every optimizer must beat: proposals at random, the best of them by what was measured. */
import {candidateWith, rulesIn, wordsOf, type Rule} from '../../src/optimize/rules.ts'
import type {Optimizer} from '../../src/optimize/search.ts'

/** As many sets of rules as the budget buys, asked for without a reason; each runs on every case once. */
export const random: Optimizer = {
  summary: 'The best of rules that were asked for without a reason.',
  propose: async (search) => {
    const {problem} = search
    let best: {readonly candidate: Readonly<Record<string, string>>; readonly score: number} | null = null
    for (let round = 0; search.runsLeft() >= problem.cases.length; round++) {
      const questions = problem.steps.map(({name}) => ({
        want: 'rules' as const,
        step: name,
        words: wordsOf(problem, name),
        evidence: [],
        tried: [],
        most: 3,
        replicate: round,
      }))
      const answers = await search.reflect(questions)
      const rules = answers.flatMap((answer, at): readonly Rule[] => {
        const question = questions[at]
        if (answer === null || question === undefined) return []
        return rulesIn(answer, question.words, 3).map((text, of) => ({
          id: `${round}.${at}.${of}`,
          step: question.step,
          text,
        }))
      })
      const candidate = candidateWith(problem, rules)
      const evaluations = await search.evaluate(
        problem.cases.map((each) => ({candidate, case: each.name, replicate: 0})),
      )
      if (evaluations.some((each) => each === null)) break
      const score = evaluations.reduce((sum, each) => sum + (each?.score ?? 0), 0)
      if (best === null || score > best.score) best = {candidate, score}
    }
    return best === null ? null : {candidate: best.candidate, quotes: []}
  },
}
