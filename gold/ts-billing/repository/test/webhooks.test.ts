import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseEvent, receiveEvent} from '../src/webhooks.js'

const event = {id: 'e1', charge: 'c1', status: 'paid'}

test('reads an event', () => {
  assert.deepEqual(parseEvent(JSON.stringify(event)), event)
  assert.equal(parseEvent('{'), null)
  assert.equal(parseEvent('{"id": 1}'), null)
})

test('stores the status of the charge', async () => {
  const seen: unknown[] = []
  const database = {
    query: async (_sql: string, parameters: readonly unknown[] = []) => {
      seen.push(parameters)
      return []
    },
  }
  assert.equal(await receiveEvent(database, JSON.stringify(event)), 200)
  assert.deepEqual(seen, [['c1', 'paid'], ['e1']])
})
