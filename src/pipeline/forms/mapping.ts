/** Reading a file's mapping key by key: what each form means is said once, and whatever is left over is nobody's. */
import {isRecord} from '../functions.ts'

/** Where something stands in the file. */
export type Place = readonly PropertyKey[]

/**
 * `error`: the file cannot be run. `mistake`: it probably does not do what was meant; only a careful reader refuses it.
 * `leniency`: another spelling of something that is understood; only a strict reader refuses it.
 */
export type Kind = 'error' | 'mistake' | 'leniency'

export interface Remark {
  readonly kind: Kind
  readonly code: string
  readonly message: string
  readonly place: Place
  /** It is about the key at that place and not about its value. */
  readonly atKey: boolean
  /** Where that is known better than by the place. */
  readonly line?: number
  readonly col?: number
}

export interface Remarks {
  readonly list: readonly Remark[]
  readonly add: (kind: Kind, code: string, message: string, place: Place, atKey?: boolean) => void
}

export function remarks(): Remarks {
  const list: Remark[] = []
  return {
    list,
    add: (kind, code, message, place, atKey = false) => void list.push({kind, code, message, place, atKey}),
  }
}

export interface Mapping {
  readonly place: Place
  readonly remarks: Remarks
  readonly has: (key: string) => boolean
  /** The value of the first of these keys that is there, and where it stands; they are done with then, all of them. */
  readonly take: (...keys: readonly string[]) => Taken | null
  /** A mapping inside of it, whose own left-over keys are told like those of this one; null: there is none. */
  readonly inner: (key: string) => Mapping | null
  /** It means nothing here; why is said. */
  readonly ignore: (key: string, kind: Kind, why: string) => void
  readonly left: () => readonly Taken[]
}

export interface Taken {
  readonly key: string
  readonly value: unknown
  readonly place: Place
}

export function mapping(raw: Readonly<Record<string, unknown>>, place: Place, notes: Remarks): Mapping {
  const eaten = new Set<string>()
  const inners: Mapping[] = []
  const self: Mapping = {
    place,
    remarks: notes,
    has: (key) => Object.hasOwn(raw, key) && raw[key] !== null && !eaten.has(key),
    take: (...keys) => {
      const there = keys.filter((key) => self.has(key))
      for (const key of keys) eaten.add(key)
      const [first, second] = there
      if (first === undefined) return null
      if (second !== undefined)
        notes.add(
          'mistake',
          'said-twice',
          `${second}: is the same as \`${first}\`, which counts`,
          [...place, second],
          true,
        )
      return {key: first, value: raw[first], place: [...place, first]}
    },
    inner: (key) => {
      const value = raw[key]
      if (!self.has(key) || !isRecord(value)) return null
      eaten.add(key)
      const found = mapping(value, [...place, key], notes)
      inners.push(found)
      return found
    },
    ignore: (key, kind, why) => {
      if (Object.hasOwn(raw, key) && !eaten.has(key))
        notes.add(kind, 'ignored-key', `${key}: ${why}`, [...place, key], true)
      eaten.add(key)
    },
    left: () => [
      ...Object.entries(raw).flatMap(([key, value]) =>
        eaten.has(key) || (value === null && key !== 'value') ? [] : [{key, value, place: [...place, key]}],
      ),
      ...inners.flatMap((inner) =>
        inner.left().map((each) => ({...each, key: `${String(inner.place.at(-1))}.${each.key}`})),
      ),
    ],
  }
  return self
}

/** Where the parts of a canonical step came from. */
export interface Origin {
  readonly place: Place
  /** By the canonical key. */
  readonly keys: ReadonlyMap<string, Place>
  /** By the canonical path of a list of steps, joined by `/`. */
  readonly inside: ReadonlyMap<string, readonly Origin[]>
}

/** The place in the file of something in the canonical step. */
export function placeIn(origin: Origin, path: Place): Place {
  for (let length = path.length - 1; length > 0; length--) {
    const steps = origin.inside.get(path.slice(0, length).join('/'))
    const index = path[length]
    const step = typeof index === 'number' ? steps?.[index] : undefined
    if (step !== undefined) return placeIn(step, path.slice(length + 1))
  }
  const [first, ...rest] = path
  const moved = typeof first === 'string' ? origin.keys.get(first) : undefined
  return moved === undefined ? [...origin.place, ...path] : [...moved, ...rest]
}

/** A canonical step as it is put together. */
export interface Draft {
  readonly set: (key: string, value: unknown, place: Place) => void
  readonly setSteps: (path: readonly (string | number)[], origins: readonly Origin[]) => void
  readonly has: (key: string) => boolean
  readonly value: () => Readonly<Record<string, unknown>>
  readonly origin: (place: Place) => Origin
}

export function draft(): Draft {
  const entries = new Map<string, unknown>()
  const keys = new Map<string, Place>()
  const inside = new Map<string, readonly Origin[]>()
  return {
    set: (key, value, place) => {
      if (value === undefined) return
      entries.set(key, value)
      keys.set(key, place)
    },
    setSteps: (path, origins) => {
      inside.set(path.join('/'), origins)
    },
    has: (key) => entries.has(key),
    value: () => Object.fromEntries(entries),
    origin: (place) => ({place, keys, inside}),
  }
}
