import type {Database} from './database.js'

export interface PaymentEvent {
  readonly id: string
  readonly charge: string
  readonly status: 'paid' | 'declined'
}

export function parseEvent(body: string): PaymentEvent | null {
  try {
    const value: unknown = JSON.parse(body)
    return isEvent(value) ? value : null
  } catch {
    return null
  }
}

const isEvent = (value: unknown): value is PaymentEvent =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'charge' in value &&
  typeof value.charge === 'string' &&
  'status' in value &&
  (value.status === 'paid' || value.status === 'declined')

const working = new Set<string>()

/** The status to answer with. */
export async function receiveEvent(database: Database, body: string): Promise<number> {
  const event = parseEvent(body)
  if (event === null) return 400
  if (working.has(event.id)) return 409
  working.add(event.id)
  try {
    await database.query('UPDATE charges SET status = $2 WHERE charge = $1', [event.charge, event.status])
    await database.query('INSERT INTO events (id) VALUES ($1) ON CONFLICT DO NOTHING', [event.id])
  } catch (error) {
    console.error(`event ${event.id} was not stored`)
  } finally {
    working.delete(event.id)
  }
  return 200
}
