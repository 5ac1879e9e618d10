/** A model's answer to one change → what becomes of the files, all of it or nothing, with the reasons. Values in, values out. */
import type {Change} from '../plan/plan.ts'
import {secretRemoved} from '../pack/secrets.ts'
import {visible} from '../pipeline/template.ts'
import type {Answer} from './answer.ts'
import {edited, lineEndOf, toLf} from './edit.ts'
import {inRepository, isInOne, maxBytes, repositoriesIn, type Ground, type Problem} from './ground.ts'
import {isReached, named, refusalOf, sameFor, type Bounds} from './place.ts'

/** One file; null: it is not there. */
export interface Amended {
  readonly path: string
  readonly before: string | null
  readonly after: string | null
}

export interface Decision {
  /** By path; empty when there is a problem, or when it cannot be done. */
  readonly files: readonly Amended[]
  readonly problems: readonly Problem[]
  /** Why the model says that it cannot be done; null: it does not say so. */
  readonly cannot: string | null
}

/** More is no change of a day, and no answer of a model. */
const maxFiles = 50
const maxEdits = 1000

/** Anything refused refuses everything: half of a change is another change. */
export function decide(change: Change, ground: Ground, answer: Answer, bounds: Bounds): Decision {
  const {edits, create, delete: gone} = answer
  const cannot = answer.cannot?.trim() ?? ''
  const size = edits.length + create.length + gone.length
  if (cannot !== '')
    return size === 0
      ? {files: [], problems: [], cannot}
      : refused([{file: null, why: '`cannot` says that it cannot be done, and there are changes all the same'}])
  if (size === 0) return refused([{file: null, why: 'it changes nothing'}])
  const wrong = placesOf(change, ground, answer, bounds)
  if (wrong.length > 0) return refused(wrong)
  const results = [...editedFiles(ground, answer), ...createdFiles(ground, answer), ...deletedFiles(ground, answer)]
  const problems = results.flatMap((each) => ('problem' in each ? [each.problem] : []))
  if (problems.length > 0) return refused(problems)
  const files = results.flatMap((each) => ('file' in each && each.file.before !== each.file.after ? [each.file] : []))
  if (files.length === 0) return refused([{file: null, why: 'it changes nothing: every text stays as it is'}])
  return {files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), problems: [], cannot: null}
}

const refused = (problems: readonly Problem[]): Decision => ({files: [], problems, cannot: null})

/** One problem as a line, for the model that is to mend it and for people. */
export const sayProblem = ({file, why}: Problem): string => (file === null ? why : `${file}: ${why}`)

/** Where it wants to write, before any text is looked at. */
function placesOf(
  {files, creates}: Change,
  {closed}: Ground,
  {edits, create, delete: gone}: Answer,
  bounds: Bounds,
): readonly Problem[] {
  const names = [...files, ...creates].map(named).filter((name) => refusalOf(name, bounds) === null)
  const [editing, creating] = [new Set(edits.map(({file}) => file)), create.map(({file}) => file)]
  const touched = [...editing, ...creating, ...gone]
  const tooMany: readonly Problem[] =
    touched.length > maxFiles || edits.length > maxEdits
      ? [{file: null, why: `more than ${maxFiles} files or ${maxEdits} edits are no single change`}]
      : []
  const twice = touched.filter((path, at) => touched.indexOf(path) !== at)
  return [
    ...tooMany,
    ...[...new Set(touched)].flatMap((path): readonly Problem[] => {
      const why =
        refusalOf(path, bounds) ??
        (isReached(path, names) ? null : 'is not among the files that the change names') ??
        closed.get(path) ??
        null
      return why === null ? [] : [{file: path, why}]
    }),
    ...[...new Set(twice)].map((file) => ({file, why: 'is edited, created or deleted twice'})),
  ]
}

type Result = {readonly file: Amended} | {readonly problem: Problem}

function editedFiles({texts}: Ground, {edits}: Answer): readonly Result[] {
  return [...new Set(edits.map(({file}) => file))].flatMap((path): readonly Result[] => {
    const all = edits.filter(({file}) => file === path)
    const before = texts.get(path)
    const problem = (why: string): Result => ({problem: {file: path, why}})
    if (before === undefined) return [problem('is not there, so it cannot be edited')]
    const odd = all.flatMap(({find, replace}) => oddIn(replace, find) ?? [])
    if (odd.length > 0) return odd.map(problem)
    const result = edited(before, all)
    if ('problems' in result) return result.problems.map(problem)
    const {text: after} = result
    return [isTooLarge(after) ? problem('becomes larger than 1 MiB') : {file: {path, before, after}}]
  })
}

function createdFiles({entries, texts}: Ground, {create}: Answer): readonly Result[] {
  // case and Unicode form are one on some disks: two names of one file would overwrite each other
  const known = new Map<string, {readonly path: string; readonly isFolder: boolean}>()
  const learn = (path: string): void => {
    for (const {prefix, isFolder} of stepsOf(path)) known.set(sameFor(prefix), {path: prefix, isFolder})
  }
  for (const {path} of entries) learn(path)
  const repositories = repositoriesIn(entries)
  const wide = texts.size > 0 && [...texts.values()].every((text) => lineEndOf(text) === '\r\n')
  return create.map(({file: path, text}): Result => {
    const problem = (why: string): Result => ({problem: {file: path, why}})
    for (const {prefix, isFolder} of stepsOf(path)) {
      const there = known.get(sameFor(prefix))
      if (there === undefined) continue
      if (there.path !== prefix) return problem(`is the same as ${there.path} where case does not count`)
      if (!isFolder) return problem(there.isFolder ? 'is a folder' : 'is there already, so edit it')
      if (!there.isFolder) return problem(`${prefix} is no folder`)
    }
    learn(path)
    if (isInOne(path, repositories)) return problem(inRepository)
    const odd = oddIn(text, '')
    if (odd !== null) return problem(odd)
    const after = wide ? toLf(text).replaceAll('\n', '\r\n') : text
    return isTooLarge(after) ? problem('is larger than 1 MiB') : {file: {path, before: null, after}}
  })
}

const stepsOf = (path: string): readonly {readonly prefix: string; readonly isFolder: boolean}[] => {
  const parts = path.split('/')
  return parts.map((_, at) => ({prefix: parts.slice(0, at + 1).join('/'), isFolder: at < parts.length - 1}))
}

const deletedFiles = ({texts}: Ground, {delete: gone}: Answer): readonly Result[] =>
  gone.map((path): Result => {
    const before = texts.get(path)
    if (before === undefined) return {problem: {file: path, why: 'is not there, so it cannot be deleted'}}
    return {file: {path, before, after: null}}
  })

/** What no honest edit needs: nothing of it was shown, or it is not a secret but stands for one. */
function oddIn(put: string, instead: string): string | null {
  const lines = toLf(put)
  if (countIn(lines, '\r') > countIn(toLf(instead), '\r')) return 'the new text holds carriage returns'
  if (visible(put) !== put || unseen.test(put.replace(picture, '')))
    return 'the new text holds characters that nobody sees'
  return countIn(put, secretRemoved) > countIn(instead, secretRemoved)
    ? `the new text holds "${secretRemoved}", which only stands for a secret that was not shown`
    : null
}

/** Letters of names in many languages, and drawn by nothing: two names that differ by one look the same. */
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u
/** Where one says that a sign is a picture, people see it. */
const picture = /\p{Extended_Pictographic}\ufe0f/gu

const countIn = (text: string, part: string): number => text.split(part).length - 1

const isTooLarge = (text: string): boolean => new TextEncoder().encode(text).length > maxBytes
