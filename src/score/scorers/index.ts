/** ◆ The sub-scores: the score is ten times the product of their factors. */
import {coverage} from './coverage.ts'
import {grounding} from './grounding.ts'
import {precision} from './precision.ts'
import type {Scorer} from './scorer.ts'
import {structure} from './structure.ts'

export const scorers = {coverage, precision, grounding, structure} as const satisfies Record<string, Scorer>
