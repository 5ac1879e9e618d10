import {NotEnoughCredit, spend} from '../credit.js'
import type {Database} from '../database.js'
import {importUsage} from '../importer.js'
import type {Payments} from '../payments.js'
import {runMonth} from '../run.js'
import {searchInvoices} from '../search.js'
import {enterTenant} from '../tenant.js'
import {receiveEvent} from '../webhooks.js'

export interface Services {
  readonly database: Database
  readonly payments: Payments
  /** Rates for one run, so that all invoices of a run agree. */
  readonly newRates: () => (currency: string) => Promise<number>
  readonly now: () => Date
}

export interface Request {
  readonly method: string
  readonly url: URL
  readonly tenant: string
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly value: unknown
}

const ok = (value: unknown): Answer => ({status: 200, value})

export async function handle(services: Services, request: Request): Promise<Answer> {
  const route = `${request.method} ${request.url.pathname}`
  if (route === 'POST /webhooks/payments') return {status: await receiveEvent(services.database, request.body), value: {}}
  if (request.tenant === '') return {status: 401, value: {error: 'x-tenant is missing'}}
  enterTenant(request.tenant)
  switch (route) {
    case 'POST /run':
      return ok(await runMonth(services.database, services.payments, services.newRates(), services.now()))
    case 'GET /invoices':
      return ok(
        await searchInvoices(
          services.database,
          request.tenant,
          request.url.searchParams.get('search') ?? '',
          request.url.searchParams.get('sort') ?? 'newest',
        ),
      )
    case 'POST /import':
      return ok(await importUsage(services.database, request.tenant, request.body))
    case 'POST /credit/spend':
      return spendCredit(services, request)
    default:
      return {status: 404, value: {error: `no route ${route}`}}
  }
}

async function spendCredit({database}: Services, {tenant, url}: Request): Promise<Answer> {
  const cents = Number(url.searchParams.get('cents'))
  if (!Number.isSafeInteger(cents) || cents <= 0) return {status: 400, value: {error: 'cents'}}
  try {
    return ok({left: await spend(database, tenant, url.searchParams.get('customer') ?? '', cents)})
  } catch (error) {
    if (error instanceof NotEnoughCredit) return {status: 402, value: {error: error.message}}
    throw error
  }
}
