/** The wrappers, with a clock that stands still until somebody sleeps. */
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Failure} from '../src/errors.ts'
import {cancelled, retried, routed, statusOf, withFallback, type ModelRequest, type Provider} from '../src/provider.ts'
import {failureOf, outage, replyOf, request} from './provider.ts'

describe('routed', () => {
  const ask = routed({claude: async () => replyOf('c'), gemini: {keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY']}})
  test('asks the one that is named', async () => expect((await ask(request)).text).toBe('c'))
  test.each([
    ['gemini', 'missing-key', 'set GEMINI_API_KEY or GOOGLE_API_KEY'],
    ['gpt', 'unknown-provider', 'claude, gemini'],
    ['toString', 'unknown-provider', 'claude, gemini'],
  ])('%s: %s', async (provider, code, hint) => {
    const failure = await failureOf(ask({...request, provider}))
    expect(failure).toMatchObject({code, exit: 2, hint: expect.stringContaining(hint)})
  })
})

/** A clock that only sleeping moves, and everything that was slept. */
const clockOf = () => {
  let now = 0
  const waits: number[] = []
  return {
    waits,
    now: () => now,
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    sleep: async (milliseconds: number) => {
      waits.push(milliseconds)
      now += milliseconds
    },
  }
}

describe('withFallback', () => {
  const refusedBy = (status: number): Failure =>
    new Failure('model-refused-request', `claude answered ${status}`, {cause: {status}})
  const asking = (failures: Readonly<Record<string, unknown>>) => {
    const asked: string[] = []
    const ask: Provider = async ({model, ...rest}) => {
      asked.push(model)
      expect(rest).not.toHaveProperty('fallback')
      if (failures[model] !== undefined) throw failures[model]
      return {...replyOf('x'), model}
    }
    return {asked, ask: withFallback(ask)}
  }
  const both: ModelRequest = {...request, model: 'first', fallback: 'second'}

  test.each([
    ['answers', undefined, ['first'], 'first'],
    ['cannot be reached', outage(), ['first', 'second'], 'second'],
    ['does not exist', refusedBy(404), ['first', 'second'], 'second'],
  ])('a model that %s', async (_, failure, models, answered) => {
    const {asked, ask} = asking({first: failure})
    expect((await ask(both)).model).toBe(answered)
    expect(asked).toEqual(models)
  })

  test.each([
    ['a bad request', refusedBy(400)],
    ['a key', new Failure('model-key-refused', 'no', {cause: {status: 404}})],
    ['a refusal without an answer', new Failure('model-refused-request', 'no')],
    ['the budget', new Failure('budget-spent', 'no')],
    ['a cancelled run', cancelled()],
    ['a bug', new RangeError('bug')],
  ])('does not help against %s', async (_, failure) => {
    const {asked, ask} = asking({first: failure})
    await expect(ask(both)).rejects.toBe(failure)
    expect(asked).toEqual(['first'])
  })

  test('nothing is asked in place of a model that has none', async () => {
    const {asked, ask} = asking({first: outage()})
    await failureOf(ask({...request, model: 'first'}))
    expect(asked).toEqual(['first'])
  })

  test('when both fail, both are named, and it is not tried again', async () => {
    const {ask} = asking({first: outage(), second: refusedBy(404)})
    expect(await failureOf(ask(both))).toMatchObject({
      code: 'model-refused-request',
      message: 'claude answered 404 (asked in place of first: claude answered 529)',
      retry: null,
    })
    const stopped = asking({first: outage(), second: cancelled()})
    expect((await failureOf(stopped.ask(both))).message).toBe(cancelled().message)
  })

  test('stands outside of the patience', async () => {
    const asked: string[] = []
    const failing: Provider = async ({model}) => {
      asked.push(model)
      throw outage()
    }
    const patience = {sleep: async () => undefined, random: () => 0, now: () => 0, attempts: 2, deadlineMs: 60_000}
    await failureOf(withFallback(retried(failing, patience))(both))
    expect(asked).toEqual(['first', 'first', 'second', 'second'])
  })

  test.each([
    [new Failure('x', 'y'), null],
    [new Failure('x', 'y', {cause: {status: 'z'}}), null],
    [new Failure('x', 'y', {cause: {status: 404}}), 404],
  ])('the status of %j is %s', (failure, status) => {
    expect(statusOf(failure)).toBe(status)
  })
})

describe('retried', () => {
  const failing = (failures: readonly unknown[]): {readonly ask: Provider; readonly asked: () => number} => {
    let asked = 0
    return {
      asked: () => asked,
      ask: async () => {
        const failure = failures[asked++]
        if (failure !== undefined) throw failure
        return replyOf(`after ${asked}`)
      },
    }
  }
  const patience = (clock: ReturnType<typeof clockOf>, more: {attempts?: number; deadlineMs?: number} = {}) => ({
    sleep: clock.sleep,
    now: clock.now,
    random: () => 0.5,
    attempts: 4,
    deadlineMs: 60_000,
    ...more,
  })

  test('until it works', async () => {
    const clock = clockOf()
    const {ask} = failing([outage(), outage()])
    expect((await retried(ask, patience(clock))(request)).text).toBe('after 3')
    expect(clock.waits).toEqual([750, 1500])
  })

  test.each([
    ['a failure that stays', new Failure('model-refused-request', 'no')],
    ['a bug', new RangeError('bug')],
    ['no error at all', 'text'],
  ])('not on %s', async (_, thrown) => {
    const clock = clockOf()
    const {ask, asked} = failing([thrown])
    await expect(retried(ask, patience(clock))(request)).rejects.toBe(thrown)
    expect(asked()).toBe(1)
  })

  test('gives up after the attempts and says how many', async () => {
    const clock = clockOf()
    const {ask, asked} = failing(Array.from({length: 9}, () => outage()))
    const failure = await failureOf(retried(ask, patience(clock))(request))
    expect(failure).toMatchObject({code: 'model-unavailable', exit: 3, hint: 'later', retry: null})
    expect(failure.message).toBe('claude answered 529 (tried 4 times)')
    expect(asked()).toBe(4)
  })

  test.each([
    [1, 1],
    [3, 3],
    [99, 4],
    [undefined, 4],
  ])('a request that wants %s attempts gets %i', async (attempts, most) => {
    const {ask, asked} = failing(Array.from({length: 9}, () => outage()))
    const more = attempts === undefined ? {} : {attempts}
    await failureOf(retried(ask, patience(clockOf()))({...request, ...more}))
    expect(asked()).toBe(most)
  })

  test.each([
    ['forward, ends it', 3 * 3_600_000, 1],
    ['back, gives no more time', -3 * 3_600_000, 3],
  ])('a clock that leaps %s', async (_, leap, most) => {
    const clock = clockOf()
    let asked = 0
    const ask: Provider = async () => {
      asked++
      clock.pass(leap)
      throw outage(25_000)
    }
    const failure = await failureOf(retried(ask, patience(clock, {attempts: 9}))(request))
    expect(failure).toMatchObject({code: 'model-unavailable', exit: 3, retry: null})
    expect(asked).toBe(most)
    expect(clock.waits.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(60_000)
  })

  test('waits at least as long as it is asked to', async () => {
    const clock = clockOf()
    await retried(failing([outage(20_000), outage(0)]).ask, patience(clock))(request)
    expect(clock.waits[0]).toBeGreaterThanOrEqual(20_000)
    expect(clock.waits[1]).toBe(1500)
  })

  test('a wait of weeks fails at once and says so', async () => {
    const clock = clockOf()
    const {ask, asked} = failing([outage(2 ** 31)])
    const failure = await failureOf(retried(ask, patience(clock))(request))
    expect(failure.message).toMatch(/tried 1 times, it asks to wait 21474\d\d.* s and 60 s are left/)
    expect({waits: clock.waits, asked: asked()}).toEqual({waits: [], asked: 1})
  })

  test('the time that an attempt took counts', async () => {
    const clock = clockOf()
    let asked = 0
    const ask: Provider = async () => {
      asked++
      clock.pass(59_900)
      throw outage()
    }
    expect((await failureOf(retried(ask, patience(clock))(request))).message).toContain('0.1 s are left')
    expect(asked).toBe(1)
  })

  test('a run that is cancelled while it waits does not ask again', async () => {
    const controller = new AbortController()
    const {ask, asked} = failing([outage()])
    const sleep = async (): Promise<void> => controller.abort()
    const failure = await failureOf(retried(ask, {...patience(clockOf()), sleep})(request, controller.signal))
    expect(failure.code).toBe(cancelled().code)
    expect(asked()).toBe(1)
  })

  test('attempts and waits are bounded, whatever the other side asks for', async () => {
    const after = fc.option(fc.oneof(fc.nat(5000), fc.nat(2 ** 31 - 1)))
    await fc.assert(
      fc.asyncProperty(
        fc.array(after, {minLength: 1, maxLength: 20}),
        fc.integer({min: 1, max: 8}),
        fc.nat(120_000),
        fc.double({min: 0, max: 0.999, noNaN: true}),
        async (afters, attempts, deadlineMs, random) => {
          const clock = clockOf()
          const {ask, asked} = failing(afters.map((afterMs) => outage(afterMs)))
          const more = {attempts, deadlineMs, random: () => random}
          await retried(ask, {...patience(clock), ...more})(request).catch(() => undefined)
          expect(asked()).toBeLessThanOrEqual(attempts)
          expect(clock.waits.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(deadlineMs)
          expect(clock.waits).toHaveLength(asked() - 1)
          for (const [index, wait] of clock.waits.entries()) expect(wait).toBeGreaterThanOrEqual(afters[index] ?? 0)
        },
      ),
    )
  })
})
