import {test} from 'vitest'
import {scorePlan} from '../../src/score/score.ts'
import {match} from '../../src/score/match.ts'
import {cases, mapFindings, neededOf, planOf, withMore} from './golds.ts'
import * as p from './perturbation.ts'
test('probe', () => {
  const [known] = cases
  if (!known) return
  const words = p.vocabularyOf(known)
  for (const base of [planOf(p.novel(known, 6))]) {
    for (const stuffed of [ base,
        mapFindings(base, (each) => ({...each, title: `${each.title ?? ''} ${words}`, description: words})),
        mapFindings(base, (each) => ({...each, description: `${each.description} ${words}`})),
        mapFindings(base, (each) => ({...each, title: words.slice(0, 120), description: words})),
      ]) { const c = scorePlan(stuffed, known.gold, known.code, null); console.log(c.score, JSON.stringify(c.findings.map((f) => [f.id, f.class, f.gold, f.credit])));
      const m = match(stuffed, known.gold, known.code); for (const l of m.links) console.log(JSON.stringify([l.gold, l.likeness, m.table[l.candidate]?.[l.gold]])) }
  }
})
