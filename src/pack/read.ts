/** Bytes → a pack that fits its budget. */
import {Failure} from '../errors.ts'
import {escapeName} from './boundary.ts'
import type {LeftOutReason, Masked, Pack, PackedFile} from './pack.ts'
import {bodyOf, renderPack} from './render.ts'
import {maskSecrets} from './secrets.ts'
import {estimateTokens} from './tokens.ts'

/** The text, or null for what is none: a NUL, or bytes that are neither UTF-8 nor UTF-16 with its mark. A mark is dropped. */
export function textOf(bytes: Uint8Array): string | null {
  const [first, second] = bytes
  const wide = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null
  if (wide === null && bytes.includes(0)) return null
  try {
    const text = new TextDecoder(wide ?? 'utf-8', {fatal: true}).decode(bytes)
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}

export const isBinary = (bytes: Uint8Array): boolean => textOf(bytes) === null

/** A file's text, its secrets masked. */
export interface TextFile extends Omit<PackedFile, 'tokens'> {
  readonly masked: readonly Masked[]
}

/** Every text file in the order of the sources, for rules and quotes; and what is none. */
export interface Texts {
  readonly files: readonly TextFile[]
  readonly leftOut: readonly {readonly path: string; readonly why: LeftOutReason}[]
}

/** @param digest sha-256, hex */
export function readTexts(
  files: readonly {readonly path: string; readonly bytes: Uint8Array | null}[],
  digest: (bytes: Uint8Array) => string,
): Texts {
  const read: TextFile[] = []
  const leftOut: {path: string; why: LeftOutReason}[] = []
  for (const {path, bytes} of files) {
    const text = bytes === null ? null : textOf(bytes)
    if (bytes === null || text === null) {
      leftOut.push({path, why: bytes === null ? 'unreadable' : 'binary'})
      continue
    }
    const clean = maskSecrets(text)
    read.push({path, text: clean.text, digest: digest(bytes), masked: clean.masked.map((each) => ({path, ...each}))})
  }
  return {files: read, leftOut}
}

interface Candidate {
  readonly file: PackedFile
  readonly masked: readonly Masked[]
}

export interface PackOptions {
  readonly name: string
  readonly commit: string | null
  /** Estimated o200k tokens of the whole pack in XML; null: no limit. */
  readonly budget: number | null
  /** Measure it as it is rendered with line numbers; default without. */
  readonly lineNumbers?: boolean
}

/** What the element, the tree and the notes cost beside the text: no part of it is longer than this says. */
function frameOf(path: string, known: Set<string>): number {
  const parts = path.split('/')
  const lines = parts.flatMap((part, depth) => {
    const folder = parts.slice(0, depth + 1).join('/')
    if (depth < parts.length - 1 && known.has(folder)) return []
    known.add(folder)
    return [`${'  '.repeat(depth)}${escapeName(part)}/\n`]
  })
  return estimateTokens(`<file path="${escapeName(path)}">\n\n</file>\n\n${lines.join('')}`)
}

/**
 * Files in priority order → the pack. The budget is never overshot: a file that does not fit is left out and smaller ones
 * behind it are tried, then the whole rendering is measured and, where the parts promised too little, cut from the end.
 *
 * @throws Failure `budget-too-small` when not even the empty pack fits
 */
export function packTexts(texts: Texts, {name, commit, budget, lineNumbers = false}: PackOptions): Pack {
  const dropped = [...texts.leftOut]
  const limit = budget ?? Number.POSITIVE_INFINITY
  /** Room for the counts in the notes, which are only known at the end. */
  const empty: Pack = {name, commit, files: [], leftOut: texts.leftOut, masked: [], tokens: 0}
  let left = limit - estimateTokens(renderPack(empty, 'xml', {lineNumbers})) - 60
  const chosen: Candidate[] = []
  const folders = new Set<string>()
  for (const {path, text, digest, masked} of texts.files) {
    const tokens = estimateTokens(text)
    const body = bodyOf(text, lineNumbers)
    const asIs = text.startsWith(body)
    const cost = (asIs ? tokens : estimateTokens(body)) + frameOf(path, folders)
    if (cost > left) {
      dropped.push({path, why: 'over-budget'})
      continue
    }
    left -= cost
    chosen.push({file: {path, text, tokens, digest}, masked})
  }
  return measured(chosen, {...empty, leftOut: dropped}, limit, lineNumbers)
}

const byPath = (a: {readonly path: string}, b: {readonly path: string}): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0

function measured(candidates: readonly Candidate[], empty: Pack, limit: number, lineNumbers: boolean): Pack {
  const kept = [...candidates]
  const cut: {path: string; why: LeftOutReason}[] = []
  for (;;) {
    const pack: Pack = {
      ...empty,
      files: kept.map(({file}) => file).toSorted(byPath),
      leftOut: [...empty.leftOut, ...cut].toSorted(byPath),
      masked: kept.flatMap(({masked}) => masked).toSorted(byPath),
    }
    const tokens = estimateTokens(renderPack(pack, 'xml', {lineNumbers}))
    if (tokens <= limit) return {...pack, tokens}
    if (kept.length === 0) {
      throw new Failure('budget-too-small', `the empty pack alone needs ${tokens} tokens, the budget is ${limit}`, {
        hint: 'raise --max-tokens (max-tokens in the configuration)',
      })
    }
    for (let over = tokens - limit; over > 0 && kept.length > 0;) {
      const last = kept.pop()
      if (last === undefined) break
      over -= last.file.tokens
      cut.push({path: last.file.path, why: 'over-budget'})
    }
  }
}
