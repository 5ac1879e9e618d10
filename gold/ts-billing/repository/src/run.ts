import {findCustomer} from './customers.js'
import {number, text, type Database} from './database.js'
import {renderInvoice, writeInvoice, type Invoice, type Line} from './invoices.js'
import type {Payments} from './payments.js'
import {statements} from './statements.js'
import {currentTenant} from './tenant.js'

export interface RunResult {
  readonly written: number
  readonly charged: number
  readonly unpaid: readonly number[]
}

/** Writes this month's invoices of the current tenant, charges cards, and closes the month in the ledger. */
export async function runMonth(
  database: Database,
  payments: Payments,
  rateOf: (currency: string) => Promise<number>,
  today: Date,
): Promise<RunResult> {
  const usage = await database.query('SELECT * FROM usage WHERE tenant = $1 AND billed = 0 ORDER BY customer', [
    currentTenant(),
  ])
  const byCustomer = new Map<string, Line[]>()
  for (const row of usage) {
    const customer = text(row, 'customer')
    const lines = byCustomer.get(customer) ?? []
    const quantity = number(row, 'quantity')
    if (quantity < 0) {
      console.warn(`negative quantity for ${customer} is left out`)
      continue
    }
    lines.push({description: text(row, 'description'), quantity, price: number(row, 'price')})
    byCustomer.set(customer, lines)
  }
  const last = await database.query('SELECT max(number) AS number FROM invoices WHERE tenant = $1', [currentTenant()])
  let next = last[0] === undefined ? 1 : number(last[0], 'number') + 1
  const written: Invoice[] = []
  const unpaid: number[] = []
  let charged = 0
  for (const [id, lines] of byCustomer) {
    const customer = await findCustomer(database, id)
    const rate = customer.currency === 'EUR' ? 1 : await rateOf(customer.currency)
    const converted = rate === 1 ? lines : lines.map((line) => ({...line, price: line.price * rate}))
    const invoice = writeInvoice(next, customer, converted, today)
    await database.query(
      'INSERT INTO invoices (tenant, number, customer, customer_name, total, due, body) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [
        currentTenant(),
        invoice.number,
        id,
        customer.name,
        invoice.total,
        invoice.due.toISOString(),
        renderInvoice(invoice, customer),
      ],
    )
    await database.query('UPDATE usage SET billed = $3 WHERE tenant = $1 AND customer = $2 AND billed = 0', [
      currentTenant(),
      id,
      invoice.number,
    ])
    next++
    written.push(invoice)
    const cards = await database.query('SELECT token FROM cards WHERE tenant = $1 AND customer = $2', [
      currentTenant(),
      id,
    ])
    const card = cards[0]
    if (card === undefined) {
      unpaid.push(invoice.number)
    } else {
      const charge = await payments.charge(invoice.number, Math.round(invoice.total * 100), text(card, 'token'))
      if (charge.status === 'declined') {
        unpaid.push(invoice.number)
      } else {
        charged++
        await database.query('INSERT INTO charges (tenant, invoice, charge, status) VALUES ($1, $2, $3, $4)', [
          currentTenant(),
          invoice.number,
          charge.id,
          charge.status,
        ])
      }
    }
  }
  for (const statement of statements(written)) {
    await database.query('INSERT INTO ledger (tenant, customer, net, tax, total) VALUES ($1, $2, $3, $4, $5)', [
      currentTenant(),
      statement.customer,
      statement.net,
      statement.tax,
      statement.total,
    ])
  }
  return {written: written.length, charged, unpaid}
}
