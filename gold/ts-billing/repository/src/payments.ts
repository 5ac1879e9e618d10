import type {Config} from './config.js'
import {retry, type RetryOptions} from './retry.js'

export interface Charge {
  readonly id: string
  readonly status: 'pending' | 'paid' | 'declined'
}

export interface Payments {
  charge(invoice: number, cents: number, card: string): Promise<Charge>
  status(charge: string): Promise<Charge>
}

export function paymentsClient(config: Config, send: typeof fetch = fetch, patience?: RetryOptions): Payments {
  const request = async (method: string, path: string, body?: object): Promise<Charge> => {
    const response = await send(new URL(path, config.paymentsUrl), {
      method,
      headers: {authorization: `Bearer ${config.paymentsKey}`, 'content-type': 'application/json'},
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
    return (await response.json()) as Charge
  }

  return {
    charge: (invoice, cents, card) => retry(() => request('POST', '/charges', {reference: invoice, cents, card}), patience),
    status: (charge) => retry(() => request('GET', `/charges/${encodeURIComponent(charge)}`), patience),
  }
}
