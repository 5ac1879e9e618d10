/** All Elixir modules of the code under review, by file and by name. */
import type {Source} from '../source.ts'
import {readModules, type Module} from './module.ts'

export interface ElixirProject {
  readonly modules: readonly Module[]
  readonly modulesOf: (source: Source) => readonly Module[]
  /** Null when no file or more than one file defines it. */
  readonly moduleNamed: (name: string) => Module | null
}

export function readElixir(sources: readonly Source[]): ElixirProject {
  const bySource = new Map(sources.map((source) => [source, readModules(source)]))
  const modules = [...bySource.values()].flat()
  const byName = new Map<string, Module | null>()
  for (const module of modules) byName.set(module.name, byName.has(module.name) ? null : module)
  return {
    modules,
    modulesOf: (source) => bySource.get(source) ?? [],
    moduleNamed: (name) => byName.get(name) ?? null,
  }
}
