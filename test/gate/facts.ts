/** A repository whose gate is as it should be, and how to spoil one thing of it. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {BranchFiles, GateFacts} from '../../src/gate/facts.ts'
import {root} from '../acceptance/bundle.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'

/** An example as its reader is told to pin it. */
export const example = (name: string): string =>
  readFileSync(join(root, 'examples', 'workflows', `${name}.yml`), 'utf8').replaceAll('0'.repeat(40), sha)

export const gateFile = '.github/workflows/gate.yml'
export const context = 'refactor-plan/gate'

export const ownGold = (name = 'self'): {readonly path: string; readonly text: string} => ({
  path: `gold/${name}/gold.yaml`,
  text: `schema: 1
name: ${name}
source: {path: .}
findings:
  - id: G1
    category: monitor-leak
    severity: high
    must: true
    description: It leaks.
    locations: [{file: lib/a.ex, start_line: 1, end_line: 1, evidence: x}]
`,
})

const files: BranchFiles = {
  workflows: [{path: gateFile, text: example('gate')}],
  owners: {path: '.github/CODEOWNERS', text: '* @acme/everybody\n/.github/ @acme/gate\n/gold/ @acme/gate\n'},
  config: {path: '.github/refactor-plan.yml', text: 'threshold: 8\n'},
  misnamed: null,
  golds: [ownGold()],
  pipelines: false,
}

/** Level b: required by a ruleset that binds everybody, from the base. */
export const sound: GateFacts = {
  repository: 'acme/shop',
  branch: 'main',
  asked: true,
  rules: {checks: [{context, app: null, ruleset: 12}], queue: false, ownersReview: true, workflows: []},
  protection: {checks: [], ownersReview: false, adminsBypass: null},
  bypass: [{ruleset: 12, who: []}],
  actionsApp: 15368,
  defaults: {permissions: 'read', mayOpenPulls: false},
  files,
  keys: [],
  unpushed: [],
}

export const withFiles = (more: Partial<BranchFiles>, facts: GateFacts = sound): GateFacts => ({
  ...facts,
  files: {...files, ...facts.files, ...more},
})

/** The gate's workflow with one thing in it changed; it must be there. */
export function gateWith(from: string | RegExp, to: string, name = 'gate'): GateFacts {
  const text = example(name)
  const changed = text.replace(from, to)
  if (changed === text) throw new Error(`${String(from)} does not stand in the example ${name}`)
  return withFiles({workflows: [{path: gateFile, text: changed}]})
}
