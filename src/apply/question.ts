/** What a pipeline is given to ask about one change: values alone, the words around them are the YAML's. */
import {escapeName, neutralise} from '../pack/boundary.ts'
import {maskSecrets} from '../pack/secrets.ts'
import type {Change, Plan} from '../plan/plan.ts'
import {toLf} from './edit.ts'
import type {Ground} from './ground.ts'

/** The names that a pipeline for `apply` may use. */
export const questionInputs = ['change', 'files'] as const

export function questionOf(change: Change, plan: Plan, {texts}: Ground): Readonly<Record<string, unknown>> {
  const {id, title, instructions, files, creates, verification} = change
  return {
    change: masked({id, title, instructions, files, creates, verification}),
    findings: masked(
      plan.findings.flatMap(({id: own, title: about, category, severity, locations, description}) =>
        change.resolves.includes(own) ? [{id: own, title: about, category, severity, locations, description}] : [],
      ),
    ),
    files:
      texts.size === 0
        ? 'None of them is there yet.'
        : [...texts].map(([path, text]) => shown(path, text)).join('\n\n'),
  }
}

/** A plan quotes code, and code holds secrets. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskSecrets(value).text
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each)]))
}

/** Without its mark and with line feeds; secrets do not leave the machine. */
function shown(path: string, text: string): string {
  const clean = maskSecrets(toLf(text.replace(/^\ufeff/, ''))).text
  return `<file path="${escapeName(path)}">\n${neutralise(clean)}\n</file>`
}
