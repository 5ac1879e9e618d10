import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {scrubber, unscrubbed} from '../src/secrets.ts'

const key = 'sk-ant-api03-AbC_dEf+9/xyz'
const scrub = scrubber([key, 'short'])
const bytes = Buffer.from(key)

describe('a secret does not leave', () => {
  test.each([
    ['as it is', key],
    ['inside a sentence', `The key is "${key}".`],
    ['in other letters', key.toUpperCase()],
    ['spaced out', Array.from(key).join(' ')],
    ['on many lines', Array.from(key).join('\n')],
    ['with what nobody sees', Array.from(key).join('\u200b')],
    ['as JSON may write it', `"${key.replaceAll('-', String.raw`\u002d`)}"`],
    ['as Markdown escapes it', key.replaceAll(/[_-]/g, String.raw`\$&`)],
    ['as base64 on many lines', (bytes.toString('base64').match(/.{1,7}/g) ?? []).join('\n')],
    ['backwards', Array.from(key).toReversed().join('')],
    ['as base64', bytes.toString('base64')],
    ['as base64 for addresses', bytes.toString('base64url')],
    ['as base64 behind one byte', Buffer.concat([Buffer.from('a'), bytes]).toString('base64')],
    ['as base64 in a sentence', Buffer.from(`it is ${key}, yes`).toString('base64')],
    ['as basic authentication', Buffer.from(`x-access-token:${key}`).toString('base64')],
    ['as hex', bytes.toString('hex')],
    ['as hex with colons', bytes.toString('hex').replaceAll(/(..)(?!$)/g, '$1:')],
    ['percent-encoded', encodeURIComponent(key)],
    ['percent-encoded as a whole', [...bytes].map((byte) => `%${byte.toString(16)}`).join('')],
    [
      'as entities',
      Array.from(key)
        .map((character) => `&#${character.codePointAt(0)};`)
        .join(''),
    ],
    [
      'as entities in hex',
      Array.from(key)
        .map((character) => `&#x${character.codePointAt(0)?.toString(16)};`)
        .join(''),
    ],
  ])('%s', (_, text) => {
    expect(scrub(text)).toContain('***')
    expect(scrub(text).replaceAll('*', '').length).toBeLessThan(text.length - 15)
  })
})

it('whose base64 has other letters in an address does not leave in these either', () => {
  const odd = 'key>>>???>>>???key'
  const inAddress = Buffer.from(odd).toString('base64url')
  expect(inAddress).toMatch(/[-_]/)
  expect(scrubber([odd])(inAddress)).toContain('***')
})

it('that begins like another goes as a whole, whichever was named first', () => {
  const [short, long] = ['secret-of-one', 'secret-of-one-and-another']
  for (const secrets of [
    [short, long],
    [long, short],
  ])
    expect(scrubber(secrets)(`a ${long} b ${short} c`)).toBe('a *** b *** c')
})

it('what is too short to be one stays, and so does everything else', () => {
  expect(scrub('a short text about sk-ant keys')).toBe('a short text about sk-ant keys')
  expect(scrubber(['', 'short'])).toBe(unscrubbed)
})

it('no secret is left in any text, wherever it stands', () => {
  fc.assert(
    fc.property(
      fc.string({minLength: 8, maxLength: 60, unit: 'binary-ascii'}),
      fc.string(),
      fc.string(),
      (secret, a, b) => {
        fc.pre(secret.trim().length >= 8)
        const take = scrubber([secret])
        expect(take(`${a}${secret.trim()}${b}`)).not.toContain(secret.trim())
        const encoded = Buffer.from(`${a}${secret.trim()}${b}`).toString('base64')
        fc.pre(secret.trim().length >= 12)
        expect(take(encoded)).toContain('***')
      },
    ),
  )
})
