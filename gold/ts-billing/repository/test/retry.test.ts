import assert from 'node:assert/strict'
import {test} from 'node:test'
import {retry} from '../src/retry.js'

const options = {attempts: 3, firstDelay: 1, sleep: async () => {}}

test('succeeds at a later attempt', async () => {
  let calls = 0
  const result = await retry(async () => {
    calls++
    if (calls < 3) throw new Error('not yet')
    return 'done'
  }, options)
  assert.equal(result, 'done')
})

test('throws what the last attempt threw', async () => {
  let calls = 0
  await assert.rejects(
    retry(async () => {
      calls++
      throw new Error(`attempt ${calls}`)
    }, options),
    /attempt 3/,
  )
})
