/** The end of a round of a loop, or of the loop: under a condition, like any step. */
import * as z from 'zod'
import {defineStep, type StepBinder} from '../step.ts'

const Settings = z.strictObject({})

/** What a loop reads in the results of its steps: which of them left it. */
export const leave = (what: 'break' | 'continue'): StepBinder =>
  defineStep<z.infer<typeof Settings>>({
    summary: what === 'break' ? 'Leaves the loop around it.' : 'Goes on with the next round of the loop around it.',
    settings: Settings,
    within: 'loop',
    run: async () => ({result: {text: '', data: null, ok: true, facts: {leaves: what}}}),
  })
