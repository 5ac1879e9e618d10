import type {Optimizer} from '../optimizer.ts'
import {bootstrap} from './bootstrap.ts'

export const optimizers = {
  bootstrap,
} as const satisfies Record<string, Optimizer>

export const optimizerNames: readonly string[] = Object.keys(optimizers)

/** undefined: there is none of that name. */
export const optimizerOf = (name: string): Optimizer | undefined =>
  new Map<string, Optimizer>(Object.entries(optimizers)).get(name)
