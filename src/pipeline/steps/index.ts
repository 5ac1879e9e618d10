/** ◆ The canonical step types. A new one is a file beside this and a line here; what else it may be called stands in `forms/`. */
import type {StepBinder} from '../step.ts'
import {echo} from './echo.ts'
import {file} from './file.ts'
import {leave} from './leave.ts'
import {llm} from './llm.ts'
import {loop} from './loop.ts'
import {map} from './map.ts'
import {pack} from './pack.ts'
import {nested} from './pipeline.ts'
import {plan} from './plan.ts'
import {query} from './query.ts'
import {scan} from './scan.ts'
import {score} from './score.ts'
import {set} from './set.ts'
import {shell} from './shell.ts'
import {choose} from './switch.ts'
import {transform} from './transform.ts'

export const stepTypes = {
  llm,
  map,
  loop,
  switch: choose,
  break: leave('break'),
  continue: leave('continue'),
  pipeline: nested,
  set,
  transform,
  file,
  query,
  echo,
  shell,
  pack,
  scan,
  plan,
  score,
} as const satisfies Record<string, StepBinder>

export const stepTypeNames: readonly string[] = Object.keys(stepTypes)

export const stepTypeOf = (name: string): StepBinder | undefined =>
  Object.entries<StepBinder>(stepTypes).find(([key]) => key === name)?.[1]
