import {resolve} from 'node:path'
import {openSource, readText} from '../adapters/disk.ts'
import type {Config} from '../config.ts'
import {renderProblem} from '../document.ts'
import {Failure} from '../errors.ts'
import {configOf, readCode} from '../locally.ts'
import {
  candidateNotes,
  exitOf,
  goneNotes,
  isOwnGold,
  keysOf,
  makeHost,
  parseGold,
  shippedJudge,
  sourceOfGold,
  type GoldFile,
} from '../outside.ts'
import {parsePlan} from '../plan/document.ts'
import type {Plan} from '../plan/plan.ts'
import {noUsage} from '../provider.ts'
import {formatOf, printJson, scoreShape} from '../printing.ts'
import {renderSummary} from '../report/markdown.ts'
import {reportOn, type Report} from '../report/report.ts'
import {renderTerminal} from '../report/terminal.ts'
import {judgePlan, type Judgment} from '../run.ts'
import type {Verdict} from '../score/scorecard.ts'
import {plain} from '../trust.ts'
import type {Command, Flags, World} from './command.ts'

export const score: Command = {
  summary: 'score one plan against a gold standard',
  arguments: [{usage: '<plan.yaml>', summary: 'the plan'}],
  options: [
    {flags: '--gold <file>', summary: 'the gold standard'},
    {flags: '--repository <path>', summary: "the code the plan is about; default: the gold standard's own source"},
    {flags: '--threshold <number>', summary: 'the score from which on the gate passes, 0-10'},
    {
      flags: '--gate <policy>',
      summary: 'enforce: exit 1 when the gate fails; warn; off',
      choices: ['off', 'warn', 'enforce'],
    },
    {
      flags: '--judge <policy>',
      summary: 'auto: a model answers closed questions when its key is there; default: off',
      choices: ['auto', 'off'],
    },
    {flags: '--format <format>', summary: 'table, json or markdown', choices: ['table', 'json', 'markdown']},
  ],
  run: async ([file = ''], flags, world) => {
    const format = formatOf(flags, 'table')
    if (typeof flags['gold'] !== 'string')
      throw new Failure('missing-flag', '--gold is missing', {hint: 'as in --gold gold/otp-shop/gold.yaml'})
    const gold = parseGold(readText(resolve(world.cwd, flags['gold'])), flags['gold'])
    const config = configOf(world.cwd, {...flags, gold: undefined, judge: flags['judge'] ?? 'off'})
    const plan = readPlan(file, world)
    if ('problem' in plan) {
      printUnreadable(plan.problem, format, world)
      return config.gate === 'enforce' ? 1 : 0
    }
    const {report, ...judged} = await scoreOne(plan.plan, file, gold, flags, config, world)
    if (format === 'json') printJson(world, scoreShape(judged))
    else world.print(format === 'markdown' ? renderSummary(report) : renderTerminal(report, {color: world.color}))
    return exitOf(judged.verdict.decision, config.gate)
  },
}

function readPlan(file: string, world: World): {readonly plan: Plan} | {readonly problem: string} {
  try {
    const read = parsePlan(readText(resolve(world.cwd, file)), file)
    return read.ok ? {plan: read.value} : {problem: read.problems.map(renderProblem).join('\n')}
  } catch (thrown) {
    if (thrown instanceof Failure) return {problem: thrown.message}
    throw thrown
  }
}

/** What cannot be read as a plan scores 0 with the reason: its author's fault, so never an outage and never unknown. */
function printUnreadable(problem: string, format: string, world: World): void {
  const verdict: Verdict = {decision: 'fail', reasons: [{code: 'not-a-plan', message: problem}]}
  const subscores = {coverage: null, precision: null, grounding: null, structure: null}
  world.say(plain(problem))
  if (format === 'json')
    printJson(world, {
      score: 0,
      verdict,
      subscores,
      interval: null,
      judge: 'skipped',
      findings: [],
      gold: [],
      caps: [],
      candidates: [],
    })
  else world.print('Score 0 of 10: this is not a plan.')
}

async function scoreOne(
  plan: Plan,
  file: string,
  gold: GoldFile,
  flags: Flags,
  {threshold, judge: judging}: Config,
  world: World,
): Promise<Judgment & {readonly report: Report}> {
  const given = flags['repository']
  const source =
    typeof given === 'string' ? await openSource(resolve(world.cwd, given)) : await sourceOfGold(gold, world.cwd)
  if ('missing' in source)
    throw new Failure('no-source', source.missing, {hint: 'clone it at that commit and give --repository PATH'})
  const code = await readCode(source, {include: [], exclude: [], gold: 'gold'})
  const keys = keysOf(world.env)
  const judge = judging === 'auto' && keys.gemini !== null ? await shippedJudge(keys) : null
  const host = makeHost({keys, budget: {calls: null, tokens: null, usd: 1}, say: world.say})
  const policy = {threshold, requireGold: true, requireJudge: false}
  const judged = await judgePlan(plan, {code}, {gold: gold.gold, anchored: isOwnGold(gold), judge, policy}, host)
  const report = reportOn({
    request: null,
    repository: {name: source.name, commit: source.commit, server_url: null},
    pipeline: {name: 'none', models: []},
    plan,
    plan_path: null,
    scorecard: judged.scorecard,
    threshold,
    violations: judged.violations,
    verdict: judged.verdict,
    usage: noUsage,
    milliseconds: null,
    run_url: null,
    gold: judged.gold,
    leftOut: [],
    notes: [
      ...goneNotes(judged.gone),
      ...candidateNotes(judged.candidates, {
        plan: file,
        gold: gold.file,
        repository: typeof given === 'string' ? given : undefined,
      }),
    ],
  })
  return {...judged, report}
}
