const currencies = ['EUR', 'GBP', 'USD'] as const
export type Currency = (typeof currencies)[number]

const isCurrency = (code: string): code is Currency => currencies.some((known) => known === code)

/** Rates against the euro. Callers that ask for one currency at the same time share one request; failures are not kept. */
export function exchangeRates(url: string, get: (url: string) => Promise<number>): (code: string) => Promise<number> {
  const rates = new Map<Currency, Promise<number>>()
  return (code) => {
    if (!isCurrency(code)) return Promise.reject(new Error(`unknown currency ${code}`))
    const known = rates.get(code)
    if (known !== undefined) return known
    const asked = get(`${url}?base=EUR&to=${code}`)
    rates.set(code, asked)
    asked.catch(() => rates.delete(code))
    return asked
  }
}

export async function fetchRate(url: string): Promise<number> {
  const response = await fetch(url, {signal: AbortSignal.timeout(3_000)})
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  const rate = Number(await response.text())
  if (!(rate > 0)) throw new Error(`${url}: not a rate`)
  return rate
}
