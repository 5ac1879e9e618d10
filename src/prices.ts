/**
 * What models cost, US dollars for a million tokens, as data with dates.
 *
 * Claude: the vendor's model pages as read on 22 November 2026 (https://platform.claude.com/docs/en/about-claude/pricing). A write
 * into its cache costs a quarter more than other input, a read a tenth.
 * Gemini: https://ai.google.dev/gemini-api/docs/pricing as read on 7 October 2026; thinking counts as output. What a read from its
 * cache costs is here where it was seen; elsewhere it is charged as other input.
 * OpenAI: https://developers.openai.com/api/docs/pricing as read in May 2026. Later models are not here: for some of them writing
 * into the cache has a price of its own, and answers do not say how much was written.
 * Batch is half of all of these ({@link batchRate}). A model that is not here has no price, which is null and never 0.
 */
import type {Prices, Rates} from './budget.ts'

const withCache = (input: number, output: number): Rates => ({input, output, cached: input / 10, written: input * 1.25})

const claude: Prices = {
  'claude-fable-5-1': withCache(10, 50),
  'claude-opus-5-5': withCache(4, 20),
  'claude-opus-5': withCache(5, 25),
  'claude-sonnet-5-5': withCache(2, 10),
  'claude-sonnet-5': withCache(2, 10),
  'claude-haiku-5-5': {...withCache(0.1, 0.5), long: {above: 100_000, ...withCache(0.5, 2.5)}},
}

const gemini: Prices = {
  'gemini-3.5-flash': {input: 1.5, output: 9},
  'gemini-3.5-flash-lite': {input: 0.3, output: 2.5},
  'gemini-3.1-pro': {input: 2, output: 12, cached: 0.2, long: {above: 200_000, input: 4, output: 18, cached: 0.4}},
  'gemini-3.1-flash-lite': {input: 0.25, output: 1.5},
  'gemini-2.5-pro': {
    input: 1.25,
    output: 10,
    cached: 0.125,
    long: {above: 200_000, input: 2.5, output: 15, cached: 0.25},
  },
  'gemini-2.5-flash': {input: 0.3, output: 2.5},
  'gemini-2.5-flash-lite': {input: 0.1, output: 0.4},
}

const openai: Prices = {
  'gpt-5.5': {input: 5, output: 30, cached: 0.5},
  'gpt-5.4': {input: 2.5, output: 15, cached: 0.25},
  'gpt-5.4-mini': {input: 0.75, output: 4.5, cached: 0.075},
  'gpt-5.4-nano': {input: 0.2, output: 1.25, cached: 0.02},
}

/** The part of these prices that a request in a batch costs, by the page named above. */
export const batchRate = 0.5

/** Half price until the end of 2026, by the vendor's page. */
const introduced: Prices = {
  'gemini-3.8-flash': {input: 0.75, output: 3.75, cached: 0.075},
  'gemini-3.7-flash': {input: 0.75, output: 3.75},
  'gemini-3.6-flash': {input: 0.75, output: 3.75},
}
const later: Prices = {
  'gemini-3.8-flash': {input: 1.5, output: 7.5},
  'gemini-3.7-flash': {input: 1.5, output: 7.5},
  'gemini-3.6-flash': {input: 1.5, output: 7.5},
}
const introductionEnds = Date.UTC(2027, 0, 1)

/** @param now milliseconds since 1970, as of `Date.now()` */
export const pricesAt = (now: number): Prices => ({
  ...claude,
  ...gemini,
  ...openai,
  ...(now < introductionEnds ? introduced : later),
})
