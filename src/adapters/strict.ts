/**
 * JSON Schema → the subset that a strict `json_schema` of chat completions takes: closed objects in which everything is required
 * (https://platform.openai.com/docs/guides/structured-outputs). Limits it does not know are left out, because the caller checks the
 * answer against the whole schema anyway; anything else it does not know makes the schema one that is not strict.
 */
import * as z from 'zod'
import type {JsonSchema} from '../provider.ts'

const Schema = z.record(z.string(), z.unknown())
const Schemas = z.array(z.unknown())

/** As they are. */
const kept = [
  'type',
  'enum',
  'const',
  '$ref',
  'description',
  'title',
  'multipleOf',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
]
const left = [
  '$schema',
  '$id',
  '$comment',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'minLength',
  'maxLength',
]
const leftToo = ['uniqueItems', 'minProperties', 'maxProperties', 'pattern', 'format']

/** null: it cannot be said strictly. */
export function strictOf(schema: JsonSchema): JsonSchema | null {
  if (schema['type'] !== 'object' || 'anyOf' in schema) return null
  return convert(schema)
}

function convert(given: unknown): JsonSchema | null {
  const schema = Schema.safeParse(given).data
  if (schema === undefined || !['type', 'enum', 'const', 'anyOf', 'oneOf', '$ref'].some((key) => key in schema))
    return null
  if (schema['type'] === 'object' && !isClosed(schema)) return null
  const entries: [string, unknown][] = []
  for (const [key, value] of Object.entries(schema)) {
    if (left.includes(key) || leftToo.includes(key)) continue
    const converted = convertValue(key, value)
    if (converted === null) return null
    entries.push([key === 'oneOf' ? 'anyOf' : key, converted.value])
  }
  return Object.fromEntries(entries)
}

/** Every object says what it has, all of it always, and nothing else. */
function isClosed({properties, required, additionalProperties}: JsonSchema): boolean {
  const names = Object.keys(Schema.safeParse(properties).data ?? {})
  const always = Schemas.safeParse(required).data ?? []
  return additionalProperties === false && names.every((name) => always.includes(name))
}

/** null: the subset has no such word, or not with this in it. */
function convertValue(key: string, value: unknown): {readonly value: unknown} | null {
  if (kept.includes(key) || key === 'required' || key === 'additionalProperties') return {value}
  if (key === 'items') return boxed(convert(value))
  if (key === 'anyOf' || key === 'oneOf') {
    const variants = Schemas.safeParse(value).data?.map(convert) ?? [null]
    return variants.includes(null) ? null : {value: variants}
  }
  if (key !== 'properties' && key !== '$defs') return null
  const named = Object.entries(Schema.safeParse(value).data ?? {}).map(([name, each]) => [name, convert(each)] as const)
  return named.some(([, each]) => each === null) ? null : {value: Object.fromEntries(named)}
}

const boxed = (value: JsonSchema | null): {readonly value: JsonSchema} | null => (value === null ? null : {value})
