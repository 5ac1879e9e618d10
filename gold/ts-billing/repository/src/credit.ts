import {number, type Database} from './database.js'

export class NotEnoughCredit extends Error {}

export async function balance(database: Database, tenant: string, customer: string): Promise<number> {
  const rows = await database.query('SELECT cents FROM credit WHERE tenant = $1 AND customer = $2', [tenant, customer])
  return rows[0] === undefined ? 0 : number(rows[0], 'cents')
}

/** Takes `cents` from the customer's credit and returns what is left. */
export async function spend(database: Database, tenant: string, customer: string, cents: number): Promise<number> {
  if (!Number.isSafeInteger(cents) || cents <= 0) throw new RangeError('cents must be a positive integer')
  const available = await balance(database, tenant, customer)
  if (available < cents) throw new NotEnoughCredit(`${customer} has ${available} of ${cents} cents`)
  const left = available - cents
  await database.query('UPDATE credit SET cents = $3 WHERE tenant = $1 AND customer = $2', [tenant, customer, left])
  await database.query('INSERT INTO credit_log (tenant, customer, cents) VALUES ($1, $2, $3)', [tenant, customer, -cents])
  return left
}
