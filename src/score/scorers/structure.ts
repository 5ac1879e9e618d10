import {structureOf} from '../structure.ts'
import type {Scorer} from './scorer.ts'

/** §3.8 */
export const structure: Scorer = {
  summary: 'do ids, references, order and verification of the changes hold together',
  score: ({plan}) => structureOf(plan).value,
}
