import type {Database} from './database.js'
import {text} from './database.js'
import {paymentTerms} from './invoices.js'
import {currentTenant} from './tenant.js'

export interface Customer {
  readonly id: string
  readonly name: string
  readonly termsDays: number
  readonly currency: string
}

const walkIn: Customer = {id: 'walk-in', name: 'Walk-in customer', termsDays: paymentTerms.immediate, currency: 'EUR'}

export async function findCustomer(database: Database, id: string): Promise<Customer> {
  if (id === walkIn.id) return walkIn
  const rows = await database.query('SELECT * FROM customers WHERE tenant = $1 AND id = $2', [currentTenant(), id])
  const row = rows[0]
  if (row === undefined) throw new Error(`no customer ${id}`)
  return {
    id,
    name: text(row, 'name'),
    termsDays: row['terms_days'] === null ? paymentTerms.standard : Number(row['terms_days']),
    currency: text(row, 'currency'),
  }
}

export function greeting(customer: Customer): string {
  return customer.id === walkIn.id ? 'Hello' : `Dear ${customer.name}`
}
