import {test} from 'vitest'
import {cases, mapFindings, neededOf, planOf, withMore} from './golds.ts'
import * as p from './perturbation.ts'
test('probe', () => {
  for (const given of cases) {
    const s = (plan: Parameters<typeof p.scoreOf>[0]) => p.scoreOf(plan, given)
    const {plan} = given
    const need = planOf(neededOf(given))
    const out = (name: string, ...v: number[]) => console.log(given.gold.name, name, ...v.map((x) => x.toFixed(2)))
    const long = {...given, code: p.padded(given.code, 600)}
    const sl = (pl: typeof plan) => p.scoreOf(pl, long)
    out('M1', s(plan), s(need))
    out(
      'M7 verb',
      s(mapFindings(plan, (f) => ({...f, description: `${f.description} ${f.description} ${f.description}`}))),
      s(
        mapFindings(plan, (f) => ({
          ...f,
          description:
            f.description + ' It is important to note that quality matters a lot in every system.'.repeat(20),
        })),
      ),
    )
    const n = plan.findings.length
    out(
      'M8',
      ...[1, 2, 3, 4, 5, 6, 7].map((k) =>
        s(mapFindings(plan, (f, i) => (i < Math.round((n * k) / 7) ? p.withInventedPath(f, i) : f))),
      ),
    )
    out('M9', ...[2, 6, 10].map((k) => s(withMore(plan, p.invented(k)))))
    out('M10', s(mapFindings(plan, p.withFabricatedEvidence)), s(mapFindings(need, p.withFabricatedEvidence)))
    out('M11', ...[10, 30, 100, 400].map((k) => sl(mapFindings(plan, (f) => p.withoutEvidence(p.shifted(f, k))))))
    out('M11s', ...[10, 30, 100, 400].map((k) => s(mapFindings(plan, (f) => p.withoutEvidence(p.shifted(f, k))))))
    out('M12', ...[10, 30, 100, 400].map((k) => sl(mapFindings(plan, (f) => p.shifted(f, k)))))
    out('M13', s(mapFindings(plan, (f) => p.withoutLines(p.withoutEvidence(f)))))
    out('M14', ...[2, 3, 10].map((k) => s(p.repeated(plan, k))))
    const all = p.finding({
      id: 'all',
      title: p.vocabularyOf(given).slice(0, 120),
      description: p.vocabularyOf(given),
      locations: given.code.paths.map((file) => ({file})),
    })
    out(
      'M15',
      s(planOf([all])),
      s(planOf([{...all, locations: given.gold.findings.flatMap((f) => f.locations)}])),
      s(planOf([{...all, locations: given.gold.findings.flatMap((f) => f.locations).slice(0, 4)}])),
    )
    for (const t of ['same','place','counter'] as const) out('M16'+t, ...[50, 150, 300, 1000].map((k) => s(p.templates(given, k, t))))
    const weak = p.weakOf(given)
    out('weak', s(weak), weak.findings.length)
    for (const k of [50, 230])
      out(
        `M17 ${k}`,
        s(planOf(p.lint(given, k, false))),
        s(planOf(p.lint(given, k, true))),
        s(withMore(weak, p.lint(given, k, false))),
        s(withMore(weak, p.lint(given, k, true))),
      )
    out('M18', s(mapFindings(plan, (f) => ({...f, severity: 'critical'}))))
    out('M19', ...[3, 7, 14].map((k) => s(withMore(plan, p.novel(given, k)))))
    out(
      'M20',
      s({...plan, changes: []}),
      s({...plan, changes: plan.changes.map((c) => ({...c, depends_on: plan.changes.map(({id}) => id)}))}),
      s({...plan, changes: plan.changes.map((c) => ({...c, verification: []}))}),
      s({...plan, changes: plan.changes.map((c) => ({...c, verification: ['make sure that everything works']}))}),
    )
    out(
      'M6',
      s(
        mapFindings(weak, (f) => ({
          ...f,
          title: `${f.title} ${p.vocabularyOf(given)}`,
          description: p.vocabularyOf(given),
        })),
      ),
      s(mapFindings(weak, (f) => ({...f, description: `${f.description} ${p.vocabularyOf(given)}`}))),
      s(
        mapFindings(weak, (f) => ({
          ...f,
          title: p.vocabularyOf(given).slice(0, 120),
          description: p.vocabularyOf(given),
        })),
      ),
    )
    out(
      'grade',
      ...[0.2, 0.5, 0.8].map((x) => s(planOf(neededOf(given).slice(0, Math.round(x * neededOf(given).length))))),
    )
    let t = performance.now()
    s(plan)
    out('ms', performance.now() - t)
    t = performance.now()
    s(withMore(plan, p.novel(given, 300)))
    out('ms300', performance.now() - t)
  }
})
