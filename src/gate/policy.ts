/** The settings, gold standards and keys that the gate judges by, and who may change them. */
import {configFile} from '../config.ts'
import {readDocument, renderProblem} from '../document.ts'
import {named, type Diagnosis} from '../report/doctor.ts'
import {GoldStandard} from '../score/gold.ts'
import {readOwners} from './owners.ts'
import {goldFolders, needsOwners, type View} from './view.ts'
import {isExpression, type Use} from './workflow.ts'

export const diagnosePolicy = (view: View): readonly Diagnosis[] =>
  view.facts.files === null
    ? []
    : [...settings(view), ...golds(view), ...keys(view), ...owners(view), ...unpushed(view)]

function settings({facts: {files}, config, configProblems, gates}: View): readonly Diagnosis[] {
  const misnamed: readonly Diagnosis[] =
    (files?.misnamed ?? null) === null
      ? []
      : [
          {
            code: 'misnamed-settings',
            level: 'warn',
            what: `${named(files?.misnamed ?? '')} is not read`,
            why: `settings stand in ${named(configFile)}`,
            fix: `git mv .github/refactor-plan.yaml ${configFile}`,
          },
        ]
  if (configProblems.length > 0)
    return [
      ...misnamed,
      {
        code: 'bad-settings',
        level: 'broken',
        what: `${named(configFile)} has ${configProblems.length === 1 ? 'a mistake' : `${configProblems.length} mistakes`}`,
        why: configProblems.slice(0, 5).join('; '),
        fix: 'correct it, and run `refactor-plan check`: every run ends in error until then',
      },
    ]
  const said = `gate ${config.gate}, threshold ${config.threshold}, status ${named(config.statusContext)}`
  return [
    ...misnamed,
    {
      code: 'settings',
      level: 'ok',
      what: `settings: ${said}`,
      why:
        (files?.config ?? null) === null
          ? `there is no ${named(configFile)}, so the defaults hold`
          : `by ${named(configFile)}`,
      fix: null,
    },
    ...([
      ...gates.map(({use}) => use.inputs['threshold'] || String(config.threshold)),
      ...(gates.length === 0 ? [String(config.threshold)] : []),
    ].some((each) => Number(each) === 0)
      ? [
          {
            code: 'no-threshold',
            level: 'warn' as const,
            what: '`threshold: 0` lets every score pass',
            why: 'only broken rules of the plan still fail',
            fix: `\`threshold: 8\` in ${named(configFile)}`,
          },
        ]
      : []),
  ]
}

function golds({facts: {files}, config, gates}: View): readonly Diagnosis[] {
  const read = (files?.golds ?? []).map(({path, text}) => ({path, gold: readDocument(text, path, GoldStandard)}))
  const bad = read.flatMap(({path, gold}): readonly Diagnosis[] =>
    gold.ok
      ? []
      : [
          {
            code: 'bad-gold',
            level: 'broken',
            what: `${named(path)} is no gold standard`,
            why: gold.problems.slice(0, 3).map(renderProblem).join('; '),
            fix: 'correct it, and run `refactor-plan check`: every run ends in error until then',
          },
        ],
  )
  const own = read.flatMap(({path, gold}) =>
    gold.ok && 'path' in gold.value.source && /^\.\/?$/.test(gold.value.source.path) ? [path] : [],
  )
  const folders = goldFolders(
    gates.map(({use}) => use),
    config.gold,
  )
  return [
    ...bad,
    ...folders.flatMap((folder) => {
      const inside = (path: string): boolean => path.startsWith(`${folder}/`)
      const isBroken = read.some(({path, gold}) => !gold.ok && inside(path))
      return isBroken ? [] : [goldIn(folder, own.filter(inside), config.requireGold)]
    }),
  ]
}

function goldIn(folder: string, own: readonly string[], isNeeded: boolean): Diagnosis {
  const [first, second] = own
  if (second !== undefined)
    return {
      code: 'many-golds',
      level: 'broken',
      what: `${own.length} gold standards in ${named(folder)} are about this repository itself`,
      why: `only one counts: ${own.map(named).join(', ')}`,
      fix: 'put their findings into one of them',
    }
  if (first !== undefined)
    return {
      code: 'gold',
      level: 'ok',
      what: `plans are scored by ${named(first)}`,
      why: 'it is about this repository',
      fix: null,
    }
  return {
    code: 'no-gold',
    level: isNeeded ? 'broken' : 'warn',
    what: `no gold standard in ${named(folder)} is about this repository`,
    why: isNeeded
      ? '`require-gold: true` fails every pull request'
      : "there is no score: only the plan's own rules can fail a pull request, and the threshold decides nothing",
    fix: `\`refactor-plan plan\`, then \`refactor-plan gold add PLAN --from F1,F2\`, and merge the gold standard that it writes`,
  }
}

/** `publish` asks no model, and neither does the doctor. */
const asksModels = ({inputs}: Use): boolean => !['publish', 'doctor'].includes(inputs['mode'] ?? '')

/** Of `genesis`. A pipeline of the repository's own may ask other models, and is not read here. */
const wantedKeys = [
  ['ANTHROPIC_API_KEY', 'anthropic-api-key', ['ANTHROPIC_API_KEY']],
  ['GEMINI_API_KEY', 'google-api-key', ['GEMINI_API_KEY', 'GOOGLE_API_KEY']],
] as const

function keys({uses, config, facts}: View): readonly Diagnosis[] {
  const here: readonly Diagnosis[] = [
    {
      code: 'keys-here',
      level: 'ok',
      what: facts.keys.length === 0 ? 'no key in this environment' : `in this environment: ${facts.keys.join(', ')}`,
      why: facts.keys.length === 0 ? 'here only the offline pipeline runs' : 'models can be asked from here',
      fix: null,
    },
  ]
  const asking = uses.filter(asksModels)
  const lacking = asking.flatMap((use): readonly Diagnosis[] => {
    const pipeline = use.inputs['pipeline'] || config.pipeline
    const missing = wantedKeys.filter(
      ([, input, names]) => (use.inputs[input] ?? '') === '' && !names.some((name) => use.variables.includes(name)),
    )
    if (missing.length === 0 || pipeline === 'offline') return []
    const yaml = `with:\n${missing.map(([secret, input]) => `  ${input}: \${{ secrets.${secret} }}`).join('\n')}`
    const found = {
      what: `the job ${named(use.job)} of ${named(use.file)} is given no ${missing.map(([secret]) => secret).join(', no ')}`,
      fix: `${yaml}\n# Settings → Secrets and variables → Actions → New repository secret`,
    }
    if (pipeline === 'genesis')
      return [{...found, code: 'missing-keys', level: 'broken', why: '`pipeline: genesis` asks both models'}]
    if (pipeline === 'auto')
      return [
        {
          ...found,
          code: 'offline',
          level: 'warn',
          why: 'so `pipeline: auto` takes the offline one: static rules, no model',
        },
      ]
    return isExpression(pipeline)
      ? []
      : [{...found, code: 'few-keys', level: 'unknown', why: `it depends on what ${named(pipeline)} asks`}]
  })
  if (asking.length === 0) return here
  return lacking.length > 0
    ? [...lacking, ...here]
    : [
        {
          code: 'keys',
          level: 'ok',
          what: 'the workflows are given what their pipeline needs',
          why: 'whether the secrets are set only a run shows',
          fix: null,
        },
        ...here,
      ]
}

/** What decides later verdicts, each with a path that stands for it. */
export function guarded({facts: {files}, config, uses}: View): readonly (readonly [pattern: string, path: string])[] {
  const pipelines = files?.pipelines === true || config.pipeline.startsWith('pipelines/')
  const workflows = uses.map(({file}) => [`/${file}`, file] as const)
  return [
    ['/.github/', '.github/workflows/another.yml'],
    ['/.github/', configFile],
    ...workflows,
    ...(files?.owners === null || files === null ? [] : [[`/${files.owners.path}`, files.owners.path] as const]),
    ...goldFolders(uses, config.gold).map((gold) => [`/${gold}/`, `${gold}/case/gold.yaml`] as const),
    ...(pipelines ? ([['/pipelines/', 'pipelines/pipeline.yaml']] as const) : []),
  ]
}

/** Patterns of what nobody owns; null: there is no CODEOWNERS. */
export function unowned(view: View): readonly string[] | null {
  const owners = view.facts.files?.owners ?? null
  if (owners === null) return null
  const ownersOf = readOwners(owners.text)
  const open = guarded(view).filter(([, path]) => ownersOf(path).length === 0)
  return [...new Set(open.map(([pattern]) => pattern))]
}

function owners(view: View): readonly Diagnosis[] {
  const open = unowned(view)
  const path = view.facts.files?.owners?.path ?? '.github/CODEOWNERS'
  const all = [...new Set(guarded(view).map(([pattern]) => pattern))].filter((pattern) => pattern.endsWith('/'))
  const lines = (patterns: readonly string[]): string =>
    // no @: what would be one is broken where GitHub would notify somebody, and could not be copied
    `# at the end of ${path}; OWNERS: a person or a team, as in its other lines\n${patterns.map((pattern) => `${pattern} OWNERS`).join('\n')}`
  if (open === null)
    return [
      {
        code: 'no-owners',
        level: 'warn',
        what: 'there is no CODEOWNERS',
        why: 'a pull request that changes workflows, settings or gold standards needs no review of anybody in particular, and what it merges decides the next verdicts',
        fix: lines(all),
      },
    ]
  if (open.length > 0)
    return [
      {
        code: 'unowned',
        level: 'warn',
        what: `${named(path)} gives nobody ${open.map(named).join(', ')}`,
        why: 'what a pull request merges there decides the next verdicts',
        fix: lines(open),
      },
    ]
  const isNeeded = needsOwners(view)
  if (isNeeded === true)
    return [
      {
        code: 'owned',
        level: 'ok',
        what: 'workflows, settings and gold standards need a review of their owners',
        why: `by ${named(path)}`,
        fix: null,
      },
    ]
  return [
    {
      code: isNeeded === null ? 'owners-unknown' : 'owners-idle',
      level: isNeeded === null ? 'unknown' : 'warn',
      what:
        isNeeded === null
          ? `whether ${view.branchText} asks for a review of code owners could not be told`
          : `${view.branchText} asks for no review of code owners`,
      why: `${named(path)} names them, and only a rule makes them needed`,
      fix: 'Settings → Rules → Rulesets → "Require a pull request before merging" → "Require review from Code Owners"',
    },
  ]
}

const unpushed = ({facts: {unpushed}, branchText}: View): readonly Diagnosis[] =>
  unpushed.length === 0
    ? []
    : [
        {
          code: 'unpushed',
          level: 'warn',
          what: `${unpushed.slice(0, 6).map(named).join(', ')} ${unpushed.length === 1 ? 'is' : 'are'} otherwise here than on ${branchText}`,
          why: `all that is said here is about ${branchText} on GitHub`,
          fix: 'push and merge, then run this again',
        },
      ]
