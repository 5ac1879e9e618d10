/** The checks of the research (§9 of its chapter on bots) that are products: of call and fault, of call and push, of policy and edit. */
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Fault} from '../fixtures/github.ts'
import * as z from 'zod'
import {keysOf, makeHost} from '../../src/outside.ts'
import {decideTogether, markOf, samplesIn, statusWords, verdictWith} from '../../src/score/history.ts'
import type {Decision} from '../../src/score/scorecard.ts'
import {startModels, type Answer} from '../fixtures/models.ts'
import type {FileSpec, Files} from '../fixtures/repository.ts'
import {reviewInside, type Inside} from './inside.ts'
import {claudeKey, failing, gate, geminiKey, inScene, passing, settings, type SceneSpec, type Scene} from './scene.ts'
import {randomOf} from '../score/golds.ts'

const timeout = 120_000
const key = '0123456789abcdef'
let scratch = ''
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-checks-'))
})
afterAll(() => rmSync(scratch, {recursive: true, force: true}))
const workspace = (): string => mkdtempSync(join(scratch, 'workspace-'))

/** The requests of one run in their order: the how-many-th of which route. */
const calls = {
  'the pull request': {route: /GET .*\/pulls\/7$/, skip: 0},
  'the settings': {route: /GET .*\/contents\//, skip: 0},
  'the first status': {route: /POST .*\/statuses\//, skip: 0},
  'the account': {route: /GET \/user$/, skip: 0},
  'its name': {route: /POST \/graphql/, skip: 0},
  'what is remembered': {route: /GET .*\/issues\/7\/comments/, skip: 0},
  'what was said before': {route: /GET .*\/commits\/\w+\/statuses/, skip: 0},
  'the head once more': {route: /GET .*\/pulls\/7$/, skip: 1},
  'the old comment': {route: /GET .*\/issues\/7\/comments/, skip: 1},
  'the comment': {route: /POST .*\/issues\/7\/comments/, skip: 0},
  'the last status': {route: /POST .*\/statuses\//, skip: 1},
} as const
type Call = keyof typeof calls
const isCall = (name: string): name is Call => Object.hasOwn(calls, name)
const names = Object.keys(calls).filter(isCall)

/** The same for each call, side by side: they wait for git more than for anything else. */
async function atEach<T>(act: (call: Call) => Promise<T>, some: readonly Call[] = names): Promise<Record<string, T>> {
  const rest = [...some]
  const ended = new Map<Call, T>()
  const work = async (): Promise<void> => {
    for (let call = rest.shift(); call !== undefined; call = rest.shift()) ended.set(call, await act(call))
  }
  await Promise.all(Array.from({length: 4}, work))
  return Object.fromEntries(some.map((call) => [call, ended.get(call) ?? fail(call)]))
}

const fail = (call: string): never => {
  throw new Error(`nothing came of ${call}`)
}

async function runIn<T>(spec: SceneSpec, act: (scene: Scene) => Promise<T>): Promise<T> {
  const ended: T[] = []
  await inScene(spec, async (scene) => {
    ended.push(await act(scene))
  })
  return ended[0] ?? fail('the scene')
}

interface Left {
  readonly code: number
  readonly verdict: string | undefined
  readonly statuses: readonly string[]
  readonly comments: number
}

const leftBy = ({code, outputs}: Inside, {statusesOf, repository, comments}: Scene): Left => ({
  code,
  verdict: outputs['verdict'],
  statuses: statusesOf(repository.head).map((each) => each.replace(`${gate} `, '')),
  comments: comments().length,
})

/** No code that a grammar is loaded for, and a gate that fails or passes all the same: what is looked at is what is written when. */
const bare = {'notes.md': 'Nothing to see.\n'}
const shut: SceneSpec = {base: {...bare, ...settings({'require-gold': true})}}
const open: SceneSpec = {base: bare}

/* ----------------------------------------------------------------------------------------------------- 2: the head moves */

test(
  '§9.2 a head that moves at any call: its own commit gets no word, the old one no success once it is noticed',
  {timeout},
  async () => {
    const all = await atEach((call) =>
      runIn(open, async (scene) => {
        const {hub, repository} = scene
        const next = repository.commit(repository.head, {'lib/late.ex': 'defmodule Late do\nend\n'})
        hub.faults.push({...calls[call], status: 'pass', before: () => hub.state.moveHead(7, next)})
        const run = await reviewInside(scene, {workspace: workspace()})
        return {...leftBy(run, scene), ofNext: scene.statusesOf(next)}
      }),
    )
    const stale = {code: 0, verdict: 'skipped', statuses: ['pending', 'error'], comments: 0, ofNext: []}
    // too late to be noticed: what is said is true, and of the commit that it names
    const late = {code: 0, verdict: 'pass', statuses: ['pending', 'success'], comments: 1, ofNext: []}
    expect(all).toEqual({
      'the pull request': {...stale, statuses: []},
      'the settings': stale,
      'the first status': stale,
      'the account': stale,
      'its name': stale,
      'what is remembered': stale,
      'what was said before': stale,
      'the head once more': stale,
      'the old comment': late,
      'the comment': late,
      'the last status': late,
    })
  },
)

/* ------------------------------------------------------------------------------------------------ 3: the policy is edited */

const own = `name: own
steps:
  - {name: scan, type: scan}
  - {name: plan, type: plan, from: scan}
`
const policy: Files = {
  ...failing,
  ...settings({pipeline: 'pipelines/own.yaml', threshold: 8}),
  'pipelines/own.yaml': own,
}
const lenient: FileSpec = 'threshold: 0\ngate: "off"\ngold: nowhere\npipeline: offline\n'
const easy = passing['gold/self/gold.yaml'] ?? null
const file = '.github/refactor-plan.yml'
const gold = 'gold/self/gold.yaml'
const link = (text: string): FileSpec => ({mode: '120000', text})
const submodule: FileSpec = {mode: '160000', text: 'e'.repeat(40)}

describe.concurrent('§9.3 a policy that the pull request', {timeout}, () => {
  const edits: Readonly<Record<string, Files>> = {
    edits: {[file]: lenient, [gold]: easy, 'pipelines/own.yaml': 'name: kind\nsteps: []\n'},
    deletes: {[file]: null, [gold]: null, 'pipelines/own.yaml': null},
    renames: {
      [file]: null,
      '.github/refactor-plan.old.yml': lenient,
      [gold]: null,
      'gold/renamed/gold.yaml': easy,
      'pipelines/own.yaml': null,
      'pipelines/other.yaml': own,
    },
    'writes in other case': {
      '.GitHub/Refactor-Plan.yml': lenient,
      '.github/Refactor-Plan.yml': lenient,
      'Gold/Self/Gold.yaml': easy,
      'gold/SELF/gold.yaml': easy,
      'Pipelines/own.yaml': 'name: kind\n',
    },
    'replaces by links': {
      [file]: link('../lenient.yml'),
      'lenient.yml': lenient,
      [gold]: link('../../easy.yaml'),
      'easy.yaml': 'schema: 1\n',
      'pipelines/own.yaml': link('/proc/self/environ'),
    },
    'replaces the folders by links': {
      [file]: null,
      '.github': link('other'),
      'other/refactor-plan.yml': lenient,
      [gold]: null,
      gold: link('elsewhere'),
      'elsewhere/notes.md': 'Nothing.\n',
    },
    'replaces by submodules': {
      [file]: null,
      '.github': submodule,
      [gold]: null,
      gold: submodule,
      '.gitmodules': '[submodule "gold"]\n\tpath = gold\n\turl = https://evil.example/gold\n',
    },
    'gives a second file': {
      '.github/refactor-plan.yaml': lenient,
      'refactor-plan.yml': lenient,
      '.refactor-plan.yml': lenient,
      'gold/self/gold.yml': easy,
      'gold/another/gold.yaml': easy,
      'pipelines/own.yml': 'name: kind\n',
      'pipelines/offline.yaml': 'name: kind\n',
    },
  }
  /** Every byte of it but the names of commits and of files that hold the plan. */
  const verdictOn = (head: Files): Promise<object> =>
    runIn({base: policy, head}, async (scene) => {
      const {hub, repository} = scene
      const {code, failed, outputs} = await reviewInside(scene, {workspace: workspace()})
      const said = Object.entries(outputs).filter(([name]) => !/-(?:sha|path|url|changed)$/.test(name))
      return {
        code,
        failed,
        outputs: said,
        statuses: hub.state.statuses.map(({sha, context, state, description}) => [
          sha === repository.head,
          context,
          state,
          description,
        ]),
      }
    })
  let untouched: Promise<object> | null = null
  test.each(Object.entries(edits))('%s: the same verdict, to the byte', async (_, head) => {
    untouched ??= verdictOn({'README.md': '# Shop\n'})
    expect(await untouched).toMatchObject({code: 1, failed: null, statuses: [{}, {}]})
    expect(await verdictOn(head)).toEqual(await untouched)
  })
})

/* ------------------------------------------------------------------------------------------------- 7: a fault at each call */

const secondary = {
  message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  documentation_url: 'https://docs.github.com/rest',
}
type Kind = Pick<Fault, 'status' | 'headers' | 'body' | 'after'>
const kinds: Readonly<Record<string, Kind>> = {
  'a server error': {status: 500},
  'a rate limit': {status: 429, headers: {'retry-after': '1'}},
  'a secondary rate limit': {status: 403, headers: {'retry-after': '1'}, body: secondary},
  'a connection that breaks': {status: 'reset'},
  'half an answer': {status: 'truncate', after: true},
  'an answer that is lost': {status: 502, after: true},
}

setFlagsFromString('--expose-gc')
/** Collects garbage now. */
const sweep: () => void = z.function({input: [], output: z.void()}).implement(runInNewContext('gc'))

describe.concurrent('§9.7', {timeout}, () => {
  const asIfNothing: Left = {code: 1, verdict: 'fail', statuses: ['pending', 'failure'], comments: 1}
  const metWith = (faults: readonly Fault[], timeoutMs = 20_000): Promise<Left> =>
    runIn(shut, async (scene) => {
      scene.hub.faults.push(...faults)
      const {statuses, ...left} = leftBy(await reviewInside(scene, {workspace: workspace(), timeoutMs}), scene)
      // a status that was carried out, and whose answer was lost, is there twice
      return {...left, statuses: statuses.filter((each, at) => each !== statuses[at - 1])}
    })

  test.each(Object.entries(kinds))('%s, once at every call: as if nothing had been', async (_, kind) => {
    let met = 0
    const before = (): void => {
      met += 1
    }
    const faults = names.map((call) => ({...kind, ...calls[call], before}))
    expect(await metWith(faults)).toEqual(asIfNothing)
    expect(met).toBe(names.length)
  })

  // Node 20 forgets a timeout that only `AbortSignal.any` knows of as soon as memory is swept: nobody would ever stop waiting
  test.each(['the settings', 'the comment', 'the last status'] as const)(
    'no answer at all, once, at %s, whatever is swept meanwhile: as if nothing had been',
    {timeout: 20_000},
    async (call) => {
      const before = (): void => void [300, 900].map((ms) => setTimeout(sweep, ms))
      expect(await metWith([{...calls[call], status: 'hang', before}], 3000)).toEqual(asIfNothing)
    },
  )

  test('one that stays, at any call: never a success or two comments, pending only where nobody takes another word', async () => {
    const ways = Object.values(kinds)
    const all = await atEach((call) =>
      runIn(open, async (scene) => {
        const kind = ways[names.indexOf(call) % ways.length] ?? fail(call)
        // carried out once is done, whoever does not hear of it
        scene.hub.faults.push({...calls[call], ...kind, after: false, times: 99})
        return leftBy(await reviewInside(scene, {workspace: workspace()}), scene)
      }),
    )
    const told = {code: 3, verdict: 'error', statuses: ['pending', 'error'], comments: 1}
    const untold = {...told, comments: 0}
    expect(all).toEqual({
      'the pull request': {...untold, statuses: []},
      'the settings': {...told, statuses: ['error']},
      'the first status': {...told, statuses: []},
      'the account': untold,
      'its name': untold,
      'what is remembered': untold,
      'what was said before': told,
      'the head once more': told,
      'the old comment': untold,
      'the comment': untold,
      'the last status': {...told, statuses: ['pending']},
    })
  })
})

/* ----------------------------------------------------------------------------- 9: the same code again, and a judge that wavers */

describe('§9.9 scores that scatter', () => {
  const threshold = 7
  const sampleOf = (score: number): {readonly score: number; readonly decision: Decision} => ({
    score,
    decision: score >= threshold ? 'pass' : 'fail',
  })
  /** Sum of twelve draws: as near to a normal one as is needed here. */
  const scattered = (mean: number, sd: number, random: () => number): number => {
    const sum = Array.from({length: 12}, random).reduce((all, each) => all + each, 0)
    return Math.min(Math.max(mean + sd * (sum - 6), 0), 10)
  }
  const trials = 4000
  const prs = 200

  /** In points of ten; the research counts in per cent. */
  test.each([0.2, 0.4, 0.8])('sd %d: whoever runs again, however often, is told the same', (sd) => {
    const random = randomOf(Math.round(sd * 100))
    let flips = 0
    for (let pr = 0; pr < prs; pr++) {
      const statuses: string[] = []
      const told = new Set<Decision>()
      for (let run = 0; run < 5; run++) {
        const earlier = samplesIn(statuses, key)
        const sample = sampleOf(scattered(threshold, sd, random))
        // what the Action does: what is known is not asked again
        const {decision} =
          earlier.length > 0
            ? decideTogether(earlier, threshold)
            : verdictWith({decision: sample.decision, reasons: []}, sample.score, [], threshold)
        if (earlier.length === 0) {
          statuses.push(`${statusWords(sample.score, decision, threshold)}${markOf(key, sample.decision)}`)
        }
        told.add(decision)
      }
      flips += told.size - 1
    }
    expect(flips).toBe(0)
  })

  /** Rows "single run" and "mean of 3" of the research's table, threshold 70 and sd 4: three points are its own sampling error. */
  test.each([
    {mean: 6.5, single: 11, three: 1},
    {mean: 6.8, single: 31, three: 20},
    {mean: 7.2, single: 70, three: 80},
    {mean: 7.5, single: 90, three: 99},
  ])('of plans that are worth $mean as many pass as the research says', ({mean, single, three}) => {
    const random = randomOf(mean * 10)
    const passing = (samples: number): number => {
      let passed = 0
      for (let trial = 0; trial < trials; trial++) {
        const taken = Array.from({length: samples}, () => sampleOf(scattered(mean, 0.4, random)))
        passed += decideTogether(taken, threshold).decision === 'pass' ? 1 : 0
      }
      return (100 * passed) / trials
    }
    expect(Math.abs(passing(1) - single)).toBeLessThan(3)
    // ours asks beside the mean that half of them passed, and lets fewer through
    expect(passing(3)).toBeLessThan(three + 2)
    expect(passing(3)).toBeGreaterThan(three - 10)
  })
})

/* --------------------------------------------------------------------------------------------- 10: whose fault it was */

describe.concurrent('§9.10', {timeout}, () => {
  const json = {'content-type': 'application/json'}
  const claude = (status: number, type: string, message: string): Answer => ({
    status,
    headers: {...json, 'retry-after': '7200'},
    body: JSON.stringify({type: 'error', error: {type, message}, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy'}),
  })
  const wait = {'@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7200s'}
  const gemini = (code: number, status: string, message: string, ...details: readonly object[]): Answer => ({
    status: code,
    headers: json,
    body: JSON.stringify({error: {code, message, status, details}}),
  })
  const page = (status: number, words: string): Answer => ({
    status,
    headers: {'retry-after': '7200'},
    body: `<!doctype html><html><head><title>${words}</title></head><body><h1>${words}</h1></body></html>`,
  })
  const reason = (name: string): object => ({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: name,
    domain: 'googleapis.com',
  })
  type Vendor = 'claude' | 'gemini'
  const rows: readonly (readonly [Vendor, string, Answer, 2 | 3])[] = [
    ['claude', 'an unknown key', claude(401, 'authentication_error', 'invalid x-api-key'), 2],
    ['claude', 'a key without the right', claude(403, 'permission_error', 'Your API key does not have permission'), 2],
    ['claude', 'no money', claude(400, 'invalid_request_error', 'Your credit balance is too low to access the API'), 2],
    ['claude', 'a bill that is open', claude(402, 'billing_error', 'Payment required'), 2],
    ['claude', 'a model that is none', claude(404, 'not_found_error', 'model: claude-nonesuch'), 2],
    [
      'claude',
      'a prompt beyond the window',
      claude(400, 'invalid_request_error', 'prompt is too long: 208310 tokens'),
      2,
    ],
    ['claude', 'a request beyond the size', claude(413, 'request_too_large', 'Request exceeds the maximum size'), 2],
    ['claude', 'a rate limit', claude(429, 'rate_limit_error', 'This request would exceed your rate limit'), 3],
    ['claude', 'a failure of its own', claude(500, 'api_error', 'Internal server error'), 3],
    ['claude', 'too many askers', claude(529, 'overloaded_error', 'Overloaded'), 3],
    ['claude', 'a gateway’s page', page(502, 'Bad gateway'), 3],
    ['claude', 'a timeout', claude(504, 'timeout_error', 'Request timed out'), 3],
    [
      'gemini',
      'an unknown key',
      gemini(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', reason('API_KEY_INVALID')),
      2,
    ],
    ['gemini', 'a key without the right', gemini(403, 'PERMISSION_DENIED', 'The caller does not have permission'), 2],
    [
      'gemini',
      'a service that is off',
      gemini(403, 'PERMISSION_DENIED', 'Generative Language API is disabled', reason('SERVICE_DISABLED')),
      2,
    ],
    ['gemini', 'a place that is not served', gemini(400, 'FAILED_PRECONDITION', 'User location is not supported'), 2],
    ['gemini', 'a model that is none', gemini(404, 'NOT_FOUND', 'models/none is not found for API version v1beta'), 2],
    ['gemini', 'a rate limit', gemini(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric', wait), 3],
    ['gemini', 'too many askers', gemini(503, 'UNAVAILABLE', 'The model is overloaded.', wait), 3],
    ['gemini', 'a failure of its own', gemini(500, 'INTERNAL', 'An internal error has occurred', wait), 3],
    ['gemini', 'a deadline', gemini(504, 'DEADLINE_EXCEEDED', 'The service was unable to finish in time', wait), 3],
  ]
  test.each(rows)('%s: %s', async (vendor, _, answer, exit) => {
    const models = await startModels(answer)
    const keys = keysOf({
      ANTHROPIC_API_KEY: claudeKey,
      ANTHROPIC_BASE_URL: models.anthropicUrl,
      GEMINI_API_KEY: geminiKey,
      GEMINI_BASE_URL: models.geminiUrl,
    })
    const {ask} = makeHost({keys, budget: {calls: null, tokens: null, usd: null}, say: () => {}})
    const asked = ask({
      provider: vendor,
      model: vendor === 'claude' ? 'claude-sonnet-5-5' : 'gemini-2.5-flash',
      system: 'Review.',
      messages: [{role: 'user', text: 'Now.'}],
      maxTokens: 100,
      temperature: null,
      schema: null,
    })
    try {
      await expect(asked).rejects.toMatchObject({name: 'Failure', exit})
    } finally {
      await models.close()
    }
  })
})
