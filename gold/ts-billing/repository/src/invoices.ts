import {greeting, type Customer} from './customers.js'

export const paymentTerms = {immediate: 0, standard: 30} as const

export interface Line {
  readonly description: string
  readonly quantity: number
  readonly price: number
}

export interface Invoice {
  readonly number: number
  readonly customer: string
  readonly lines: readonly Line[]
  readonly net: number
  readonly tax: number
  readonly total: number
  readonly due: Date
}

const taxRate = 0.19

export function writeInvoice(number: number, customer: Customer, lines: readonly Line[], today: Date): Invoice {
  let net = 0
  for (const line of lines) net += line.quantity * line.price
  net = Math.round(net * 100) / 100
  const tax = Math.round(net * taxRate * 100) / 100
  const due = new Date(today)
  due.setUTCDate(due.getUTCDate() + customer.termsDays)
  return {number, customer: customer.id, lines, net, tax, total: net + tax, due}
}

export function renderInvoice(invoice: Invoice, customer: Customer): string {
  return [
    `${greeting(customer)},`,
    '',
    ...invoice.lines.map(({description, quantity, price}) => `${quantity} x ${description} ${(quantity * price).toFixed(2)}`),
    '',
    `Total ${invoice.total.toFixed(2)} ${customer.currency}, due ${invoice.due.toISOString().slice(0, 10)}`,
  ].join('\n')
}
