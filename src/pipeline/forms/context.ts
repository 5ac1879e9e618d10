/** What a form knows about the file around it. */
import type {Origin, Place, Remarks} from './mapping.ts'

export interface Normal {
  readonly value: Readonly<Record<string, unknown>>
  readonly origin: Origin
}

export interface NormalInside {
  readonly value: Readonly<Record<string, unknown>> | null
  readonly steps: readonly Origin[]
}

export interface FormContext {
  readonly remarks: Remarks
  /** Functions that the file declares for its model steps: JSON Schemas by name. */
  readonly functions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly preset: string | null
  /** What the file's `defaults` say in the words of a step, by provider. */
  readonly base: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Names of the steps before this one, and of those inside of them. */
  readonly earlier: ReadonlySet<string>
  /** What the loops around this step call their items. */
  readonly items: readonly string[]
  /** Normalises the steps inside of a step; null: it is no list, which has been said. */
  readonly steps: (raw: unknown, place: Place, items: readonly string[]) => readonly Normal[] | null
  /** One step whose mapping is made up of several places. */
  readonly step: (raw: Readonly<Record<string, unknown>>, place: Place) => Normal | null
  /** A pipeline that stands inside of a step. */
  readonly pipeline: (raw: unknown, place: Place) => NormalInside
}

const word = /^[\p{L}_][\p{L}\p{N}_-]*$/u

/** As a path of the expression language. */
export const pathOf = (root: string, keys: readonly string[]): string =>
  keys.reduce((path, key) => {
    if (word.test(key)) return `${path}.${key}`
    return /^\d+$/.test(key) ? `${path}[${key}]` : `${path}[${JSON.stringify(key)}]`
  }, root)

/** `a.b[0].c` in pieces. */
export const keysIn = (path: string): readonly string[] => path.split(/[.[\]]+/).filter((key) => key !== '')

export const stepPath = (name: string, path: string): string => pathOf('steps', [name, ...keysIn(path)])
