/** Facts → what protects the gate, what does not, and what to do. A function of values: it never throws, whatever the files say. */
import type {Diagnosis} from '../report/doctor.ts'
import type {GateFacts} from './facts.ts'
import {diagnoseLevel, levelOf, type GateLevel} from './level.ts'
import {diagnosePolicy} from './policy.ts'
import {diagnoseRules} from './rules.ts'
import {diagnoseUses} from './uses.ts'
import {viewOf} from './view.ts'

/** The last diagnosis is the gate's level. */
export function diagnose(facts: GateFacts): readonly Diagnosis[] {
  const view = viewOf(facts)
  return [...diagnoseRules(view), ...diagnoseUses(view), ...diagnosePolicy(view), diagnoseLevel(view)]
}

/** The level by itself, for whoever reads data. */
export const gateLevel = (facts: GateFacts): GateLevel => levelOf(viewOf(facts))
