import type {Optimizer} from '../search.ts'
import {bootstrap} from './bootstrap.ts'
import {forge} from './forge.ts'
import {gepa} from './gepa.ts'
import {mipro} from './mipro.ts'
import {race} from './race.ts'

export const optimizers = {
  bootstrap,
  forge,
  gepa,
  mipro,
  race,
} as const satisfies Record<string, Optimizer>

export const optimizerNames: readonly string[] = Object.keys(optimizers)

/** undefined: there is none of that name. */
export const optimizerOf = (name: string): Optimizer | undefined =>
  new Map<string, Optimizer>(Object.entries(optimizers)).get(name)
