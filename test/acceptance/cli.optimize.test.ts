/** `optimize` on the bundle: what evolves, what is proven, what a killed search or twenty machines come to. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {stringify} from 'yaml'
import {startModels, type Models, type Script} from '../fixtures/models.ts'
import {spawnBundle, type Ended} from './bundle.ts'
import {judgeOf, planOf, spawnClaim, sumClaim, type Claim} from './script.ts'

const work = mkdtempSync(join(tmpdir(), 'refactor-plan-optimize-'))
afterAll(() => rmSync(work, {recursive: true, force: true}))
const at = (...names: readonly string[]): string => join(work, ...names)

const findingOf = ({file, line, evidence, category, severity, description}: Claim, index: number): object => ({
  id: `G${index + 1}`,
  category,
  severity,
  must: true,
  description,
  locations: [{file, start_line: line, end_line: line, evidence}],
})

function writeGold(folder: string, names: readonly string[]): string {
  for (const name of names) {
    mkdirSync(at(folder, name, 'repository', 'lib'), {recursive: true})
    writeFileSync(
      at(folder, name, 'repository', 'lib', 'cart.ex'),
      `defmodule Case.${name.toUpperCase()} do
  @moduledoc "Takes orders."

  def checkout(order) do
    spawn(fn -> Shop.Mail.confirm(order) end)
    :ok
  end

  def total(order), do: Enum.sum(order.prices)
end
`,
    )
    const findings = [spawnClaim, sumClaim].map(findingOf)
    writeFileSync(
      at(folder, name, 'gold.yaml'),
      stringify({schema: 1, name, source: {path: 'repository'}, split: 'train', findings}),
    )
  }
  return at(folder)
}

const pipeline = at('words.yaml')
writeFileSync(
  pipeline,
  `# ours
name: words
steps:
  # asks once
  - name: changes
    type: claude
    model: claude-sonnet-5-5
    prompt: |
      {{repository}} Plan for {{user_prompt}}
    examples: ''
    schema: plan
  - {name: plan, type: plan, from: changes}
`,
)
const one = writeGold('one', ['first'])
const two = writeGold('two', ['first', 'second'])

const rule = 'Add up again whatever a function totals, and compare it with what it was given.'
const isReflection = (prompt: string): boolean => prompt.includes('NEW RULES ONLY')

/** Sees the wrong total only when a rule says so, or an example shows it; proposes that rule. */
const pupil: Script = ({prompt, provider}) => {
  if (isReflection(prompt)) return `- ${rule}\n`
  if (provider === 'gemini') return {json: judgeOf(prompt)}
  return {json: planOf(prompt.includes(rule) || prompt.includes('<example>') ? [spawnClaim, sumClaim] : [spawnClaim])}
}

async function onModels<T>(script: Script, act: (models: Models) => Promise<T>): Promise<T> {
  const models = await startModels(script)
  try {
    return await act(models)
  } finally {
    await models.close()
  }
}

interface Run {
  readonly words: readonly string[]
  readonly folder: string
  readonly gold?: string
  readonly judge?: 'auto' | 'off'
  readonly started?: (send: (signal: NodeJS.Signals) => void) => void
}

function run(models: Models, {words, folder, gold = one, judge = 'off', started}: Run): Promise<Ended> {
  mkdirSync(at(folder), {recursive: true})
  return spawnBundle({
    args: [
      'optimize',
      '--pipeline',
      pipeline,
      '--gold',
      gold,
      '--judge',
      judge,
      '--output',
      at(folder),
      '--format',
      'json',
      ...words,
    ],
    cwd: work,
    env: {
      ANTHROPIC_API_KEY: 'sk-ant-test-0123456789',
      ANTHROPIC_BASE_URL: models.anthropicUrl,
      ...(judge === 'off' ? {} : {GEMINI_API_KEY: 'gm-test-0123456789', GEMINI_BASE_URL: models.geminiUrl}),
    },
    ...(started === undefined ? {} : {started}),
  })
}

interface Found {
  readonly evolved: string | null
  readonly promoted: boolean
  readonly baseline: number | null
  readonly best: number | null
  readonly p_value: number | null
  readonly spent: {readonly calls: number}
  readonly log: readonly {
    readonly kind: string
    readonly code?: string
    readonly case?: string
    readonly replicate?: number
  }[]
}
const foundIn = ({stdout}: Ended): Found => JSON.parse(stdout)
const yamlIn = (folder: string): string =>
  readdirSync(at(folder))
    .flatMap((name) => (name.endsWith('.yaml') ? [readFileSync(at(folder, name), 'utf8')] : []))
    .join('')

describe.concurrent('one gold standard, as it began', {timeout: 120_000}, () => {
  test('bootstrap: two demonstrations, the metric is a judged score of eight; it quotes its only gold standard, so nothing is proven', () =>
    onModels(
      (asked) => (asked.provider === 'gemini' ? {json: judgeOf(asked.prompt)} : {json: planOf([spawnClaim, sumClaim])}),
      async (models) => {
        const words = [
          '--optimizer',
          'bootstrap',
          '--max-bootstrapped-demos',
          '2',
          '--metric-threshold',
          '8',
          '--budget',
          '200',
        ]
        const ended = await run(models, {words, folder: 'seed', judge: 'auto'})
        expect(ended.code).toBe(0)
        const found = foundIn(ended)
        expect(found).toMatchObject({promoted: false, p_value: null})
        expect(yamlIn('seed')).toContain('<example>')
        expect(yamlIn('seed')).toContain('# asks once')
        expect(models.requests.some(({provider}) => provider === 'gemini')).toBe(true)
      },
    ))

  test('forge: a rule, proven, in the YAML a person wrote', () =>
    onModels(pupil, async (models) => {
      const ended = await run(models, {
        words: ['--budget', '160', '--metric-threshold', '8'],
        folder: 'forge',
        judge: 'auto',
      })
      expect(ended.code, ended.stderr).toBe(0)
      const found = foundIn(ended)
      expect(found.promoted).toBe(true)
      expect(found.p_value).toBeLessThanOrEqual(0.05)
      expect(found.best ?? 0).toBeGreaterThan((found.baseline ?? 10) + 1)
      expect(found.spent.calls).toBeLessThanOrEqual(160)
      expect(models.requests.length).toBeLessThanOrEqual(160)
      expect(found.spent.calls).toBe(models.requests.length)
      expect(yamlIn('forge')).toContain(`- ${rule}`)
      expect(yamlIn('forge')).toContain('# asks once')
      expect(ended.stderr).toMatch(/of 160/)
      const pages = readdirSync(at('forge')).filter((name) => name.endsWith('.html'))
      expect(pages).toHaveLength(1)
      expect(readFileSync(at('forge', pages[0] ?? ''), 'utf8')).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
    }))

  test('rules that copy the gold standard are refused, and nothing is proven', () =>
    onModels(
      (asked) =>
        isReflection(asked.prompt)
          ? 'Look at lib/cart.ex.\nThe sum forgets what was ordered twice and the tax on it.'
          : {json: planOf([spawnClaim])},
      async (models) => {
        const found = foundIn(await run(models, {words: ['--budget', '60'], folder: 'copies'}))
        expect(found).toMatchObject({promoted: false, evolved: null})
        expect(found.log.filter(({kind}) => kind === 'refused').length).toBeGreaterThan(0)
        expect(found.log.some(({kind}) => kind === 'proposed')).toBe(false)
      },
    ))

  test('cases made of the gold standard are searched with and prove nothing', () =>
    onModels(pupil, async (models) => {
      const gold = writeGold('wide', ['first'])
      const other = 'defmodule Case.OrderBook do\n  def all, do: []\nend\n'
      writeFileSync(at('wide', 'first', 'repository', 'lib', 'order_book.ex'), other)
      const ended = await run(models, {words: ['--budget', '80', '--variants', '3'], folder: 'variants', gold})
      expect(ended.code, ended.stderr).toBe(0)
      const tried = foundIn(ended).log.flatMap(({kind, case: of = '', replicate = 0}) =>
        kind === 'tried' ? [{of, replicate}] : [],
      )
      expect(new Set(tried.map(({of}) => of))).toEqual(new Set(['first', 'first~renamed', 'first~seeded']))
      expect(new Set(tried.flatMap(({of, replicate}) => (replicate >= 1_000_000 ? [of] : [])))).toEqual(
        new Set(['first']),
      )
      const bad = await run(models, {words: ['--variants', '4'], folder: 'variants'})
      expect({code: bad.code, error: JSON.parse(bad.stdout).error.code}).toEqual({code: 2, error: 'bad-flag'})
    }))

  test('a budget that proves nothing is refused before anything is asked', () =>
    onModels(pupil, async (models) => {
      const ended = await run(models, {words: ['--budget', '12'], folder: 'small'})
      expect(ended).toMatchObject({code: 2})
      expect(JSON.parse(ended.stdout).error).toMatchObject({code: 'budget-too-small'})
      expect(models.requests).toEqual([])
    }))
})

describe.concurrent('killed, or on many machines', {timeout: 240_000}, () => {
  const words = ['--budget', '60', '--seed', '3']

  test('killed after any event and started again, it comes to the same and asks no more', () =>
    onModels(pupil, async (models) => {
      const log = at('whole.jsonl')
      const whole = await run(models, {words: [...words, '--log', log], folder: 'whole', gold: two})
      expect(whole.code, whole.stderr).toBe(0)
      const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
      const [all, yaml] = [models.requests.length, yamlIn('whole')]
      for (const part of [0.15, 0.5, 0.85]) {
        const kept = Math.floor(lines.length * part)
        const cut = at(`cut-${part}.jsonl`)
        // the last line was being written
        writeFileSync(cut, `${lines.slice(0, kept).join('\n')}\n${(lines[kept] ?? '').slice(0, 40)}`)
        const before = models.requests.length
        const again = await run(models, {words: [...words, '--log', cut], folder: `cut-${part}`, gold: two})
        expect({code: again.code, yaml: yamlIn(`cut-${part}`)}).toEqual({code: 0, yaml})
        expect({...foundIn(again), evolved: null, report: null}).toEqual({
          ...foundIn(whole),
          evolved: null,
          report: null,
        })
        expect(models.requests.length - before).toBeLessThanOrEqual(all)
      }
      const before = models.requests.length
      await run(models, {words: [...words, '--log', log], folder: 'again', gold: two})
      expect(models.requests.length).toBe(before)
    }))

  test('SIGKILL in the middle, then the same command: equal to a run that nobody killed', () =>
    onModels(pupil, async (models) => {
      const whole = await run(models, {words, folder: 'calm', gold: two})
      let kill: () => void = () => undefined
      const log = at('killed.jsonl')
      const killed = run(models, {
        words: [...words, '--log', log],
        folder: 'killed',
        gold: two,
        started: (send) => {
          kill = () => send('SIGKILL')
        },
      })
      const watch = setInterval(() => {
        if (existsSync(log) && readFileSync(log, 'utf8').split('\n').length > 12) kill()
      }, 5)
      await killed
      clearInterval(watch)
      const again = await run(models, {words: [...words, '--log', log], folder: 'killed', gold: two})
      expect({...foundIn(again), evolved: null, report: null}).toEqual({...foundIn(whole), evolved: null, report: null})
      expect(yamlIn('killed')).toBe(yamlIn('calm'))
    }))

  test('three shards, wave after wave, come to what one machine comes to', () =>
    onModels(pupil, async (models) => {
      const alone = await run(models, {words, folder: 'alone', gold: two})
      const merged = at('merged.jsonl')
      writeFileSync(merged, '')
      for (let wave = 0; wave < 40; wave++) {
        const shards = await Promise.all(
          [1, 2, 3].map(async (index) => {
            const log = at(`shard-${index}.jsonl`)
            rmSync(log, {force: true})
            appendFileSync(log, readFileSync(merged))
            return run(models, {
              words: [...words, '--shard', `${index}/3`, '--log', log],
              folder: `shard-${index}`,
              gold: two,
            })
          }),
        )
        expect(shards.map(({code}) => code)).toEqual([0, 0, 0])
        const logs = [1, 2, 3].map((index) => at(`shard-${index}.jsonl`))
        await spawnBundle({args: ['optimize', 'merge', ...logs, '--output', merged], cwd: work})
        if (shards.every(({stdout}) => stdout.includes('"promoted"'))) break
      }
      const last = await run(models, {words: [...words, '--log', merged], folder: 'merged', gold: two})
      expect({...foundIn(last), evolved: null, report: null}).toEqual({...foundIn(alone), evolved: null, report: null})
      expect(yamlIn('merged')).toBe(yamlIn('alone'))
    }))

  test('two islands, and a race between what they came to', () =>
    onModels(pupil, async (models) => {
      const logs = [1, 2].map((index) => at(`island-${index}.jsonl`))
      for (const [index, log] of logs.entries()) {
        const island = await run(models, {
          words: ['--budget', '120', '--shard', `${index + 1}/2`, '--shard-mode', 'island', '--log', log],
          folder: `island-${index}`,
        })
        expect(island.code, island.stderr).toBe(0)
      }
      const merged = at('islands.jsonl')
      const merging = await spawnBundle({args: ['optimize', 'merge', ...logs, '--output', merged], cwd: work})
      expect(merging.code, merging.stderr).toBe(0)
      const found = foundIn(
        await run(models, {words: ['--optimizer', 'race', '--budget', '60', '--log', merged], folder: 'race'}),
      )
      expect(found).toMatchObject({promoted: true})
    }))

  test('a log of another search is refused, and stays as it is', () =>
    onModels(pupil, async (models) => {
      const log = at('other.jsonl')
      await run(models, {words: [...words, '--log', log], folder: 'other'})
      const before = readFileSync(log, 'utf8')
      const ended = await run(models, {words: [...words, '--log', log], folder: 'other', gold: two})
      expect({code: ended.code, error: JSON.parse(ended.stdout).error.code}).toEqual({code: 2, error: 'other-search'})
      expect(readFileSync(log, 'utf8')).toBe(before)
    }))
})

describe.concurrent('what could cost money twice, or for nothing', {timeout: 240_000}, () => {
  const errorIn = ({code, stdout}: Ended): object => ({code, error: JSON.parse(stdout).error?.code})

  test('an outage ends the search, and the same command goes on when it is over', () => {
    let [asked, isDown] = [0, true]
    const script: Script = (request) =>
      isDown && ++asked > 6 ? {status: 529, headers: {'retry-after': '3000'}} : pupil(request)
    return onModels(script, async (models) => {
      const log = at('outage.jsonl')
      const words = ['--budget', '60', '--log', log]
      expect(errorIn(await run(models, {words, folder: 'outage'}))).toEqual({code: 3, error: 'model-unavailable'})
      isDown = false
      const ended = await run(models, {words, folder: 'outage'})
      expect(ended.code, ended.stderr).toBe(0)
      expect(foundIn(ended).promoted).toBe(true)
    })
  })

  test('what a budget did not allow is asked when it is raised, and not before', () =>
    onModels(pupil, async (models) => {
      const words = ['--log', at('raised.jsonl'), '--max-cost-usd']
      const small = await run(models, {words: [...words, '0.1'], folder: 'raised'})
      // a run is cheap, and its dearest call might have cost nearly all of it
      expect(errorIn(small)).toEqual({code: 2, error: 'budget-too-small'})
      const before = models.requests.length
      const [lines, again] = [
        readFileSync(at('raised.jsonl'), 'utf8'),
        await run(models, {words: [...words, '0.1'], folder: 'raised'}),
      ]
      expect(errorIn(again)).toEqual(errorIn(small))
      expect(models.requests.length).toBe(before)
      expect(readFileSync(at('raised.jsonl'), 'utf8')).toBe(lines)
      expect(foundIn(await run(models, {words: [...words, '5'], folder: 'raised'})).promoted).toBe(true)
    }))

  test('who writes words and refuses to is paid, and the search goes on', () =>
    onModels(
      (asked) => (isReflection(asked.prompt) ? {text: 'I would rather not.', stop: 'refused'} : pupil(asked)),
      async (models) => {
        const ended = await run(models, {words: ['--budget', '60'], folder: 'refusing'})
        expect(ended.code, ended.stderr).toBe(0)
        expect(foundIn(ended).spent.calls).toBe(models.requests.length)
        expect(ended.stderr).toContain('no new words')
      },
    ))

  test('two processes on one log: one of them ends, and nothing is paid for twice', () =>
    onModels(pupil, async (models) => {
      const words = ['--budget', '60', '--log', at('shared.jsonl')]
      const both = await Promise.all(['shared-1', 'shared-2'].map(async (folder) => run(models, {words, folder})))
      expect(both.map(({code}) => code ?? 9).toSorted()).toEqual([0, 2])
      const [done, refused] = both.toSorted((a, b) => (a.code ?? 9) - (b.code ?? 9))
      if (done === undefined || refused === undefined) throw new Error('two were started')
      expect(errorIn(refused)).toEqual({code: 2, error: 'log-in-use'})
      expect(models.requests.length - foundIn(done).spent.calls).toBeLessThanOrEqual(1)
    }))

  // one list for two steps: whoever changes it changes it for both
  const shared = at('shared.yaml')
  const ask = 'type: claude, model: claude-sonnet-5-5'
  writeFileSync(
    shared,
    `name: p\nsteps:\n  - {name: a, ${ask}, prompt: &ask [{type: static, content: Plan.}]}\n  - {name: b, ${ask}, prompt: *ask, schema: plan}\n  - {name: c, type: plan, from: b}\n`,
  )
  const clash = writeGold('clash', ['first', 'first~renamed'])
  writeFileSync(at('clash', 'first', 'repository', 'lib', 'order_book.ex'), 'defmodule Case.OrderBook do\nend\n')

  test.each<[string, readonly string[], string]>([
    ['words that could not be written back', ['--pipeline', shared], 'candidate-not-written'],
    ['a gold standard with the name of a variant', ['--gold', clash, '--variants', '3'], 'same-name'],
    ['a budget below the price of one call', ['--max-cost-usd', '0.0001'], 'budget-too-small'],
    [
      'a part of a budget that is none',
      ['--budget', '3', '--shard', '1/4', '--shard-mode', 'island', '--log', at('none.jsonl')],
      'budget-too-small',
    ],
    ['a mode of shards without a shard', ['--shard-mode', 'island'], 'bad-usage'],
    ['a writer of words without a key', ['--reflection-model', 'gemini/gemini-x'], 'bad-flag'],
    ['a writer of words that nobody knows', ['--reflection-model', 'foo/bar'], 'bad-flag'],
    ['a log that is another file', ['--log', pipeline], 'bad-log'],
    ['a log that is a folder', ['--log', work], 'bad-log'],
    ['an output that is a file', ['--output', pipeline], 'no-such-folder'],
  ])('%s is told before anything is asked', (name, words, error) =>
    onModels(pupil, async (models) => {
      const ended = await run(models, {words, folder: 'told'})
      expect(errorIn(ended)).toEqual({code: 2, error})
      expect(models.requests, name).toEqual([])
    }),
  )

  test('an island proves nothing, and its result says so to scripts too', () =>
    onModels(pupil, async (models) => {
      const words = ['--budget', '60', '--shard', '1/1', '--shard-mode', 'island', '--log', at('lone.jsonl')]
      expect(foundIn(await run(models, {words, folder: 'lone'}))).toMatchObject({promoted: false, p_value: null})
    }))

  test('what a log offers to a race must be what a person sees in the YAML', () =>
    onModels(pupil, async (models) => {
      const log = at('forged.jsonl')
      await run(models, {words: ['--budget', '12', '--log', log], folder: 'forged'})
      const words = `{{repository}} Plan for {{user_prompt}}\n${rule}\u202e\n`
      const copied = '{{repository}} Plan for {{user_prompt}}\nLook into lib/cart.ex first of all.\n'
      for (const candidate of [
        {'changes/prompt': words},
        {'changes/prompt': rule},
        {'none/prompt': rule},
        {'changes/prompt': copied},
      ])
        appendFileSync(
          log,
          `${JSON.stringify({kind: 'proposal', id: `proposal/${rule.length}`, candidate, quotes: []})}\n`,
        )
      const ended = await run(models, {
        words: ['--optimizer', 'race', '--budget', '60', '--log', log],
        folder: 'forged',
      })
      expect(foundIn(ended)).toMatchObject({evolved: null, promoted: false})
      expect(ended.stderr.match(/is left out/g)).toHaveLength(4)
      expect(ended.stderr).toContain('stands in a gold standard')
    }))

  test('a log is merged however long it is, and what is none is refused', () =>
    onModels(pupil, async (models) => {
      const [long, output] = [at('long.jsonl'), at('long-merged.jsonl')]
      await run(models, {words: ['--budget', '12', '--log', long], folder: 'long'})
      const text = 'x'.repeat(1_000_000)
      for (let each = 0; each < 20; each++)
        appendFileSync(long, `${JSON.stringify({kind: 'answer', id: `${each}`, by: 'a', text})}\n`)
      const merge = async (file: string): Promise<Ended> =>
        spawnBundle({args: ['optimize', 'merge', file, '--output', output, '--format', 'json'], cwd: work})
      expect(JSON.parse((await merge(long)).stdout)).toMatchObject({schema: 1, logs: 1, events: 21})
      writeFileSync(at('diary.txt'), 'dear diary')
      expect(errorIn(await merge(at('diary.txt')))).toEqual({code: 2, error: 'bad-log'})
    }))
})
