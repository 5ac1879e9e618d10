/**
 * JSON Schema → the OpenAPI subset of Gemini's `responseSchema` (https://ai.google.dev/api/caching#Schema). An unknown keyword is
 * a 400 there, so only what the subset has is carried over; what cannot be said is loosened, never tightened: the
 * caller checks the answer against the whole schema anyway.
 */
import * as z from 'zod'
import type {JsonSchema} from '../provider.ts'

const Schema = z.record(z.string(), z.unknown())
const Schemas = z.array(z.unknown())

/** Deeper nesting than any schema of ours. */
const maxDepth = 32

/** Kept as they are, by the type they belong to. */
const kept: Readonly<Record<string, readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern'],
  integer: [],
  number: [],
  boolean: [],
  array: ['minItems', 'maxItems'],
  object: ['minProperties', 'maxProperties'],
}

export function openApiOf(schema: JsonSchema): JsonSchema {
  return convert(schema, {root: schema, depth: 0, within: []})
}

interface Place {
  readonly root: JsonSchema
  readonly depth: number
  /** References that are being followed: one that comes up again is recursion, and ends as free text. */
  readonly within: readonly string[]
}

/** What accepts anything; the subset has no such thing, text is the nearest. */
const anything: JsonSchema = {type: 'string'}

function convert(given: unknown, place: Place): JsonSchema {
  const schema = Schema.safeParse(given).data
  if (schema === undefined || place.depth > maxDepth) return anything
  const inner = {...place, depth: place.depth + 1}
  const {$ref, ...rest} = schema
  if (typeof $ref === 'string') {
    if (place.within.includes($ref)) return {...anything, ...wordsOf(rest)}
    return {...convert(pointed(place.root, $ref), {...inner, within: [...place.within, $ref]}), ...wordsOf(rest)}
  }
  const all = Schemas.safeParse(schema['allOf']).data
  if (all !== undefined) {
    const {allOf: _, ...own} = schema
    return convert(all.map((each) => resolved(each, place.root)).reduce<JsonSchema>(merge, own), inner)
  }
  const variants = Schemas.safeParse(schema['anyOf'] ?? schema['oneOf'] ?? typesOf(schema)).data
  return variants === undefined ? convertPlain(schema, inner) : convertUnion(variants, schema, inner)
}

/** `type: [string, null]` is a union of schemas that differ in their type only. */
function typesOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const types = Schemas.safeParse(schema['type']).data
  const {description: _, title: __, ...rest} = schema
  return types?.map((type) => (type === 'null' ? {type} : {...rest, type}))
}

function convertUnion(variants: readonly unknown[], schema: JsonSchema, place: Place): JsonSchema {
  const others = variants.filter((each) => !isNull(each, place.root))
  const nullable = others.length < variants.length ? {nullable: true} : {}
  const [only, ...more] = others
  if (only === undefined) return {...anything, nullable: true, ...wordsOf(schema)}
  if (more.length === 0) return {...convert(only, place), ...nullable, ...wordsOf(schema)}
  return {anyOf: others.map((each) => convert(each, place)), ...nullable, ...wordsOf(schema)}
}

function isNull(given: unknown, root: JsonSchema): boolean {
  const schema = resolved(given, root)
  return schema['type'] === 'null' || ('const' in schema && schema['const'] === null)
}

function convertPlain(schema: JsonSchema, place: Place): JsonSchema {
  const literals = 'const' in schema ? [schema['const']] : Schemas.safeParse(schema['enum']).data
  if (literals !== undefined) return {...literalsOf(literals), ...wordsOf(schema)}
  const type = typeOf(schema)
  const own = {type, ...pick(schema, kept[type] ?? []), ...boundsOf(schema, type), ...wordsOf(schema)}
  if (type === 'array') return {...own, ...itemsOf(schema, place)}
  if (type === 'object') return {...own, ...propertiesOf(schema, place)}
  return own
}

function typeOf(schema: JsonSchema): string {
  const {type} = schema
  if (typeof type === 'string' && Object.hasOwn(kept, type)) return type
  return 'properties' in schema ? 'object' : 'items' in schema ? 'array' : 'string'
}

/** `enum` takes text only; numbers become the range they span, with the exact values in words. */
function literalsOf(literals: readonly unknown[]): JsonSchema {
  const values = literals.filter((each) => each !== null)
  const nullable = values.length < literals.length ? {nullable: true} : {}
  const numbers = values.filter((each) => typeof each === 'number')
  if (values.length > 0 && numbers.length === values.length) {
    const type = numbers.every(Number.isInteger) ? 'integer' : 'number'
    const said = numbers.length === 1 ? {} : {description: `One of ${numbers.join(', ')}.`}
    return {type, minimum: Math.min(...numbers), maximum: Math.max(...numbers), ...said, ...nullable}
  }
  if (values.length > 0 && values.every((each) => typeof each === 'boolean')) return {type: 'boolean', ...nullable}
  const texts = values.filter((each) => typeof each === 'string' && each !== '')
  return texts.length === values.length && texts.length > 0
    ? {type: 'string', enum: texts, ...nullable}
    : {...anything, ...nullable}
}

/** `exclusiveMinimum` and the safe-integer bounds that zod writes are not limits that a model needs to be told. */
function boundsOf(schema: JsonSchema, type: string): JsonSchema {
  if (type !== 'integer' && type !== 'number') return {}
  const step = type === 'integer' ? 1 : 0
  const low = numberOf(schema['minimum']) ?? plus(numberOf(schema['exclusiveMinimum']), step)
  const high = numberOf(schema['maximum']) ?? plus(numberOf(schema['exclusiveMaximum']), -step)
  return {
    minimum: low === undefined || low <= Number.MIN_SAFE_INTEGER ? undefined : low,
    maximum: high === undefined || high >= Number.MAX_SAFE_INTEGER ? undefined : high,
  }
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const plus = (value: number | undefined, step: number): number | undefined =>
  value === undefined ? undefined : value + step

function itemsOf(schema: JsonSchema, place: Place): JsonSchema {
  const tuple = Schemas.safeParse(schema['prefixItems']).data
  if (tuple === undefined) return {items: convert(schema['items'] ?? anything, place)}
  const [only, ...more] = tuple.map((each) => convert(each, place))
  return {items: only === undefined ? anything : more.length === 0 ? only : {anyOf: [only, ...more]}}
}

/** The order of the keys is meant (reasons before verdicts); without `propertyOrdering` older models sort by the alphabet. */
function propertiesOf(schema: JsonSchema, place: Place): JsonSchema {
  const properties = Schema.safeParse(schema['properties']).data ?? {}
  const names = Object.keys(properties)
  if (names.length === 0) return {}
  const required = (Schemas.safeParse(schema['required']).data ?? []).filter(
    (each) => typeof each === 'string' && names.includes(each),
  )
  return {
    properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, convert(each, place)])),
    propertyOrdering: names,
    ...(required.length === 0 ? {} : {required}),
  }
}

const wordsOf = (schema: JsonSchema): JsonSchema => pick(schema, ['description', 'title'])

const pick = (schema: JsonSchema, names: readonly string[]): JsonSchema =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => names.includes(name)))

/** Parts of an `allOf` hold together: properties and required keys add up, anything else is overwritten. */
function merge(a: JsonSchema, b: JsonSchema): JsonSchema {
  const properties = {...Schema.safeParse(a['properties']).data, ...Schema.safeParse(b['properties']).data}
  const required = [...(Schemas.safeParse(a['required']).data ?? []), ...(Schemas.safeParse(b['required']).data ?? [])]
  return {
    ...a,
    ...b,
    ...(Object.keys(properties).length === 0 ? {} : {properties}),
    ...(required.length === 0 ? {} : {required}),
  }
}

function resolved(given: unknown, root: JsonSchema): JsonSchema {
  const schema = Schema.safeParse(given).data ?? {}
  return typeof schema['$ref'] === 'string' ? (Schema.safeParse(pointed(root, schema['$ref'])).data ?? {}) : schema
}

/** A JSON pointer inside the same schema (https://www.rfc-editor.org/rfc/rfc6901); undefined for any other reference. */
function pointed(root: JsonSchema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined
  const names = reference.slice(1).split('/').slice(1)
  return names.reduce<unknown>(
    (at, name) => Schema.safeParse(at).data?.[decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  )
}
