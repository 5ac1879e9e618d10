/** All Elixir modules of the code under review, by file and by name. */
import type {Source} from '../source.ts'
import {walk, type Syntax} from '../syntax.ts'
import {resolveIn, type Module} from './module.ts'

export interface ElixirProject {
  readonly modules: readonly Module[]
  readonly modulesOf: (source: Source) => readonly Module[]
  /** Null when no file or more than one file defines it. */
  readonly moduleNamed: (name: string) => Module | null
  /** Where each module is mentioned by its full or short name, by the full name. */
  readonly mentionsOf: (name: string) => readonly Mention[]
}

export interface Mention {
  readonly module: Module
  readonly node: Syntax
}

/** @param read what `readModules` gives for each file */
export function readElixir(read: readonly (readonly [Source, readonly Module[]])[]): ElixirProject {
  const bySource = new Map(read)
  const modules = [...bySource.values()].flat()
  let mentions: ReadonlyMap<string, readonly Mention[]> | null = null
  const byName = new Map<string, Module | null>()
  for (const module of modules) byName.set(module.name, byName.has(module.name) ? null : module)
  return {
    modules,
    modulesOf: (source) => bySource.get(source) ?? [],
    moduleNamed: (name) => byName.get(name) ?? null,
    mentionsOf: (name) => (mentions ??= readMentions(modules)).get(name) ?? [],
  }
}

function readMentions(modules: readonly Module[]): ReadonlyMap<string, readonly Mention[]> {
  const mentions = new Map<string, Mention[]>()
  for (const module of modules) {
    for (const node of walk(module.node, (each) => !module.nested.includes(each))) {
      const name = node.type === 'alias' ? resolveIn(module, node) : null
      if (name === null) continue
      const known = mentions.get(name)
      if (known === undefined) mentions.set(name, [{module, node}])
      else known.push({module, node})
    }
  }
  return mentions
}
