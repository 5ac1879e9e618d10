export interface Config {
  readonly port: number
  readonly paymentsUrl: string
  readonly paymentsKey: string
  readonly ratesUrl: string
}

export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const port = Number(environment['PORT'] ?? '8080')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`PORT is not a port: ${environment['PORT']}`)
  return {
    port,
    paymentsUrl: required(environment, 'PAYMENTS_URL'),
    paymentsKey: required(environment, 'PAYMENTS_KEY'),
    ratesUrl: required(environment, 'RATES_URL'),
  }
}

function required(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set`)
  return value
}
