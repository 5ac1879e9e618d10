/** What a comment keeps of a plan for `apply`. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Plan} from '../../src/plan/plan.ts'
import {keptOf, parseKept, planOfKept} from '../../src/report/kept.ts'
import {reportOn} from '../../src/report/report.ts'
import {anyPlan, goodPlan} from '../plan/arbitrary.ts'
import {input, sha} from './sample.ts'

describe('the changes of a plan', () => {
  test('come back word for word, with the findings that they resolve', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const kept = keptOf(reportOn({...input, plan}))
        if (kept === null) {
          expect(plan.changes).toEqual([])
          return
        }
        expect(parseKept(JSON.stringify(kept))).toEqual(kept)
        const back = Plan.parse(planOfKept(kept))
        expect(back.changes).toEqual(plan.changes)
        const resolved = plan.changes.flatMap(({resolves}) => resolves)
        expect(back.findings).toEqual(plan.findings.filter(({id}) => resolved.includes(id)))
      }),
    )
  })
  test('are of one commit, and the first when there is no room for all', () => {
    expect(keptOf(reportOn(input), 1)).toMatchObject({head: sha, changes: [{id: goodPlan.changes[0]?.id}]})
    expect(keptOf(reportOn(input), 0)).toBeNull()
    expect(keptOf(reportOn({...input, repository: {...input.repository, commit: null}}))).toBeNull()
  })
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another document', '[]'],
    ['no commit', JSON.stringify({...keptOf(reportOn(input)), head: 'main'})],
    ['a key that is not ours', JSON.stringify({...keptOf(reportOn(input)), more: 1})],
    ['no changes', JSON.stringify({head: sha, findings: []})],
  ])('%s is none', (_, json) => expect(parseKept(json)).toBeNull())
})
