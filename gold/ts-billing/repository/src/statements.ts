import type {Invoice} from './invoices.js'

export interface Statement {
  readonly customer: string
  readonly net: number
  readonly tax: number
  readonly total: number
}

/** Sums for the month, one for each customer, as they go to the ledger. */
export function statements(invoices: readonly Invoice[]): readonly Statement[] {
  const sums = new Map<string, {net: number; tax: number}>()
  for (const invoice of invoices) {
    const sum = sums.get(invoice.customer) ?? {net: 0, tax: 0}
    for (const line of invoice.lines) {
      const net = Number((line.quantity * line.price).toFixed(2))
      sum.net += net
      sum.tax += Number((net * 0.19).toFixed(2))
    }
    sums.set(invoice.customer, sum)
  }
  return [...sums].map(([customer, {net, tax}]) => ({customer, net, tax, total: net + tax}))
}
