import {readConfig} from './config.js'
import type {Database} from './database.js'
import {serve} from './http/server.js'
import {paymentsClient} from './payments.js'
import {exchangeRates, fetchRate} from './rates.js'

/** Starts the service with the database client of the deployment. */
export function start(database: Database): void {
  const config = readConfig(process.env)
  const server = serve({
    database,
    payments: paymentsClient(config),
    newRates: () => exchangeRates(config.ratesUrl, fetchRate),
    now: () => new Date(),
  })
  server.listen(config.port)
  process.once('SIGTERM', () => server.close())
}
