import assert from 'node:assert/strict'
import {test} from 'node:test'
import {cache} from '../src/cache.js'

test('values grow old', () => {
  let now = 0
  const ages = cache<number>(10, () => now)
  ages.set('ada', 36)
  assert.equal(ages.get('ada'), 36)
  now = 10
  assert.equal(ages.get('ada'), undefined)
})
