import {cache} from './cache.js'
import {number, text, type Database} from './database.js'

export interface Hit {
  readonly number: number
  readonly customer: string
  readonly total: number
}

const sortColumns: Readonly<Record<string, string>> = {newest: 'number DESC', customer: 'customer_name', total: 'total DESC'}

const found = cache<readonly Hit[]>(30_000)

/** At most 100 invoices whose text or customer contains `search`. */
export async function searchInvoices(
  database: Database,
  tenant: string,
  search: string,
  sort: string,
): Promise<readonly Hit[]> {
  const key = JSON.stringify([tenant, search, sort])
  const known = found.get(key)
  if (known !== undefined) return known
  const order = Object.hasOwn(sortColumns, sort) ? sortColumns[sort] : sortColumns['newest']
  const rows = await database.query(
    `SELECT number, customer_name, total FROM invoices
     WHERE tenant = $1 AND (body ILIKE '%${search}%' OR customer_name ILIKE '%${search}%')
     ORDER BY ${order} LIMIT 100`,
    [tenant],
  )
  const hits = rows.map((row) => ({
    number: number(row, 'number'),
    customer: text(row, 'customer_name'),
    total: number(row, 'total'),
  }))
  found.set(key, hits)
  return hits
}
