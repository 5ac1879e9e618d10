/** What commands print as their result: one line for people, or exactly one JSON document. */
import type {Flags, Option, World} from './commands/command.ts'
import type {Ran} from './locally.ts'
import type {Judgment} from './run.ts'
import {jsonText} from './trust.ts'

export const outputOptions: readonly Option[] = [
  {flags: '--output <folder>', summary: 'where the plan is written; default: evolved_pipelines/'},
  {flags: '--record <file>', summary: 'save the whole run as JSON, for `report`'},
  {flags: '--format <format>', summary: 'text or json', choices: ['text', 'json']},
]

export const formatOf = (flags: Flags, fallback = 'text'): string =>
  typeof flags['format'] === 'string' ? flags['format'] : fallback

export const printJson = (world: World, value: object): void => world.print(jsonText({schema: 1, ...value}))

/** `score --format json` of DESIGN §4. */
export const scoreShape = ({
  scorecard,
  verdict,
  candidates,
}: Pick<Judgment, 'scorecard' | 'verdict' | 'candidates'>): object => ({...scorecard, candidates, verdict})

export function printPlan({report, judged, path}: Ran, format: string, world: World): void {
  if (format !== 'json') return world.print(`Plan generated at ${path}`)
  printJson(world, {
    path,
    pipeline: report.pipeline.name,
    models: report.pipeline.models,
    findings: report.plan.findings.length,
    changes: report.plan.changes.length,
    score: judged.scorecard.score === null ? null : scoreShape(judged),
    verdict: judged.verdict,
    usage: report.usage,
  })
}
