import {findCustomer} from './customers.js'
import type {Database} from './database.js'

export interface Imported {
  readonly stored: number
  readonly refused: readonly string[]
}

interface Usage {
  readonly customer: string
  readonly description: string
  readonly quantity: number
  readonly price: number
}

function parseLine(line: string): Usage | null {
  const [customer = '', description = '', quantity = '', price = ''] = line.split(',').map((part) => part.trim())
  const usage = {customer, description, quantity: Number(quantity), price: Number(price)}
  const isComplete = customer !== '' && description !== '' && quantity !== '' && price !== ''
  return isComplete && Number.isFinite(usage.quantity) && Number.isFinite(usage.price) ? usage : null
}

/** Stores usage for the next run; says how many lines were stored and which were refused. */
export async function importUsage(database: Database, tenant: string, csv: string): Promise<Imported> {
  const refused: string[] = []
  let stored = 0
  const lines = csv.split(/\r?\n/).filter((line) => line.trim() !== '')
  lines.forEach(async (line) => {
    const usage = parseLine(line)
    if (usage === null) {
      refused.push(line)
      return
    }
    await findCustomer(database, usage.customer)
    await database.query(
      'INSERT INTO usage (tenant, customer, description, quantity, price) VALUES ($1, $2, $3, $4, $5)',
      [tenant, usage.customer, usage.description, usage.quantity, usage.price],
    )
    stored++
  })
  return {stored, refused}
}
