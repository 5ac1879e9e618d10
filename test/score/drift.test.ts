/** M22: a gold standard that moves with its code finds its places again, and lets go of what is gone (scoring research §3.13). */
import {describe, expect, it, test} from 'vitest'
import {anchor} from '../../src/score/anchor.ts'
import type {Code} from '../../src/score/scorecard.ts'
import {goldAsPlan} from '../../src/score/score.ts'
import {destroyed, driftOf, drifted, driftRows, seeds, watched} from './drift.ts'
import {cases} from './golds.ts'
import {scoreOf} from './perturbation.ts'

describe.each(cases.map((given) => [given.gold.name, given] as const))('%s', (_, given) => {
  const {gold, code} = given

  test.each(driftRows)('$id $what: $target', ({measure}) => {
    expect(measure(given)).toMatchObject({ok: true})
  })

  it.each(seeds)('finds nearly every place again, wherever it went (history %d)', (seed) => {
    const tree = drifted(given, seed)
    expect([...tree.files].filter(([before, {path}]) => path !== before).length).toBeGreaterThan(0)
    const {right, places} = driftOf(given, tree)
    expect(places).toBe(gold.findings.flatMap(({locations}) => locations).length)
    // what is missing are quotes that stand in the file several times: the nearest to where it was may be another one
    expect(right / places).toBeGreaterThanOrEqual(0.9)
  })

  it('is the same history every time', () => {
    expect(watched(gold, drifted(given, 1))).toEqual(watched(gold, drifted(given, 1)))
  })

  it.each(seeds)('lets go of what is destroyed and of nothing else (history %d)', (seed) => {
    const quotes = new Map(gold.findings.map(({id, locations}) => [id, locations.map(({evidence = ''}) => evidence)]))
    for (const {expected, anchored, score} of destroyed(given, seed)) {
      if (anchored === null) continue
      const gone = anchored.gone.map(({id}) => id)
      expect(gone.filter((id) => !expected.includes(id))).toEqual([])
      expect(anchored.gold.findings.some(({id}) => gone.includes(id))).toBe(false)
      // a quote that stands in the code a second time keeps its finding alive: nobody can tell that it was the other line
      const kept = expected.filter((id) => !gone.includes(id))
      for (const id of kept) expect(quotes.get(id)?.some((quote) => standsTwice(quote, code))).toBe(true)
      expect(score).toBeGreaterThanOrEqual(9.7)
    }
  })

  it('finds a file under another name by what the gold standard quotes of it', () => {
    const places = gold.findings.flatMap(({locations}) => locations)
    const file = places.find(
      (place) => places.filter(({file: other, evidence}) => other === place.file && evidence !== undefined).length > 1,
    )?.file
    if (file === undefined) throw new TypeError('no file is quoted twice')
    const to = `elsewhere/renamed${/\.[^.]+$/.exec(file)?.[0] ?? ''}`
    const renamed: Code = {
      paths: code.paths.map((path) => (path === file ? to : path)),
      lines: (path) => (path === file ? null : code.lines(path === to ? file : path)),
    }
    const {gold: moved, gone} = anchor(gold, renamed)
    expect(gone).toEqual([])
    expect(moved.findings.flatMap(({locations}) => locations).map((place) => place.file)).toContain(to)
    expect(scoreOf(goldAsPlan(moved), {gold: moved, code: renamed})).toBe(10)
  })

  it('takes a file of another kind for one that is gone', () => {
    const [file] = gold.findings.flatMap(({locations}) => locations.map((location) => location.file))
    if (file === undefined) throw new TypeError('no place')
    const to = `${file}.old`
    const renamed: Code = {
      paths: code.paths.map((path) => (path === file ? to : path)),
      lines: (path) => (path === file ? null : code.lines(path === to ? file : path)),
    }
    const {gold: left, gone} = anchor(
      {...gold, findings: gold.findings.map((each) => ({...each, extra: true}))},
      renamed,
    )
    expect(gone.map(({id}) => id)).toEqual(
      gold.findings.filter(({locations}) => locations.every((place) => place.file === file)).map(({id}) => id),
    )
    expect(scoreOf(goldAsPlan(left), {gold: left, code: renamed})).toBe(10)
  })
})

function standsTwice(quote: string, {paths, lines}: Code): boolean {
  const wanted = quote.trim()
  return paths.some((path) => (lines(path) ?? []).filter((line) => line.includes(wanted)).length > 1)
}
