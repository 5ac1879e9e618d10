/**
 * Every score that was ever paid for, by what it is the score of. Running again adds to it and rolls nothing again, so that nobody
 * can run until a verdict is green: one line of JSON a sample, only ever appended.
 */
import * as z from 'zod'
import {Failure} from '../errors.ts'

const Sample = z.strictObject({
  schema: z.literal(1),
  /** sha-256 over all that a score depends on. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** For people. */
  gold: z.string(),
  pipeline: z.string(),
  score: z.number().min(0).max(10),
  /** Credits of the gold standard's findings. */
  findings: z.record(z.string(), z.number().min(0).max(1)),
})
export type Sample = z.infer<typeof Sample>

export interface Ledger {
  readonly samplesOf: (key: string) => readonly Sample[]
}

/** Throws `Failure` `bad-ledger` with the line: a ledger that was changed by hand is none. */
export function readLedger(text: string, file: string): Ledger {
  const byKey = new Map<string, Sample[]>()
  text.split('\n').forEach((line, at) => {
    if (line.trim() === '') return
    const sample = sampleOf(line)
    if (sample === null)
      throw new Failure('bad-ledger', `${file}:${at + 1}:1: this line is no sample`, {
        hint: 'remove the line, take the file of the last good run, or begin a new one with another --ledger',
      })
    const same = byKey.get(sample.key)
    if (same === undefined) byKey.set(sample.key, [sample])
    else same.push(sample)
  })
  return {samplesOf: (key) => byKey.get(key) ?? []}
}

function sampleOf(line: string): Sample | null {
  try {
    const read = Sample.safeParse(JSON.parse(line))
    return read.success ? read.data : null
  } catch {
    return null
  }
}

/** What is appended: a line, ended. */
export const renderSample = (sample: Sample): string => `${JSON.stringify(sample)}\n`
