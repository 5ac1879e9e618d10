/** The forms of a condition → one expression: a text, yes or no, a list (all of it), and the mappings `and`, `or`, `not`. */
import {isRecord} from '../functions.ts'
import type {Place, Remarks} from './mapping.ts'

/** null: it says nothing, or what is wrong has been said. */
export function conditionOf(raw: unknown, place: Place, remarks: Remarks): string | null {
  if (typeof raw === 'string') {
    if (raw.trim() !== '') return raw.trim()
    remarks.add('mistake', 'empty-condition', 'an empty condition says nothing; leave it out', place)
    return null
  }
  if (raw === null || raw === undefined) return null
  const text = formOf(raw, place, remarks)
  if (text !== null)
    remarks.add('leniency', 'condition-form', `a condition is one expression: \`${text.slice(0, 120)}\``, place)
  return text
}

function formOf(raw: unknown, place: Place, remarks: Remarks): string | null {
  if (typeof raw === 'string') return raw.trim() === '' ? null : raw.trim()
  if (typeof raw === 'boolean' || typeof raw === 'number') return String(raw)
  if (Array.isArray(raw)) return joined(raw, ' and ', place, remarks)
  if (isRecord(raw)) {
    const [entry, ...more] = Object.entries(raw)
    if (entry !== undefined && more.length === 0) {
      const [key, value] = entry
      const inside = [...place, key]
      if (key === 'and' || key === 'or')
        return joined(Array.isArray(value) ? value : [value], ` ${key} `, inside, remarks)
      const one = key === 'not' ? formOf(value, inside, remarks) : null
      if (one !== null) return `not (${one})`
    }
  }
  const message = 'a condition is an expression, a list of them, or a mapping with one of `and`, `or`, `not`'
  remarks.add('error', 'bad-condition', message, place)
  return null
}

function joined(all: readonly unknown[], word: string, place: Place, remarks: Remarks): string | null {
  const parts = all.flatMap((each, at) => formOf(each, [...place, at], remarks) ?? [])
  const [only] = parts
  if (only === undefined) return null
  return parts.length === 1 ? only : parts.map((part) => `(${part})`).join(word)
}
