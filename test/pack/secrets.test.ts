import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {maskSecrets} from '../../src/pack/secrets.ts'

// Put together at run time, so that no scanner of secrets stumbles over this file.
const random = (length: number): string => 'aB3xQ9zL7mK2pR5tV8wY1cD4'.repeat(20).slice(0, length)
const whole = (...parts: readonly string[]): string => parts.join('')
const begin = whole('-----BEGIN ', 'PRIVATE KEY-----')
const end = whole('-----END ', 'PRIVATE KEY-----')
const secrets: readonly (readonly [kind: string, secret: string, before: string, after: string])[] = [
  ['aws-access-key', whole('AKI', 'AABCDEFGH23456789'), 'key = "', '"'],
  ['aws-secret-key', random(40), 'aws_secret_access_key = ', ''],
  ['github-token', whole('gh', 'p_', random(36)), 'token: ', ''],
  ['github-token', whole('github_', 'pat_', random(60)), '', ''],
  ['gitlab-token', whole('gl', 'pat-', random(20)), '(', ')'],
  ['anthropic-key', whole('sk-', 'ant-api03-', random(80)), "'", "'"],
  ['openai-key', whole('sk-', 'proj-', random(60)), '', ''],
  ['google-key', whole('AI', 'za', random(35)), '?key=', '&x'],
  ['slack-token', whole('xo', 'xb-1234567890-', random(20)), '', ''],
  ['npm-token', whole('np', 'm_', random(36)), '_authToken=', ''],
  ['stripe-key', whole('sk_', 'live_', random(24)), '', ''],
  ['secret-key-base', random(64), 'secret_key_base: "', '"'],
  ['secret-key-base', random(64), 'SECRET_KEY_BASE=', ''],
]

test.each(secrets)('%s: %s', (kind, secret, before, after) => {
  const {text, masked} = maskSecrets(`line one\n${before}${secret}${after}\nline three\n`)
  expect(text).toBe(`line one\n${before}[secret removed]${after}\nline three\n`)
  expect(masked).toEqual([{line: 2, kind}])
})

describe('private keys', () => {
  const body = Array.from({length: 5}, () => random(64)).join('\n')
  test('from the first line to the last, and the lines behind keep their numbers', () => {
    const key = `${begin.replace('PRIVATE', 'RSA PRIVATE')}\n${body}\n${end.replace('PRIVATE', 'RSA PRIVATE')}`
    const {text, masked} = maskSecrets(`a\n${key}\nb\n${key}\nc`)
    expect(text).not.toContain(random(20))
    expect(text.split('\n')[8]).toBe('b')
    expect(text.split('\n').length).toBe(`a\n${key}\nb\n${key}\nc`.split('\n').length)
    expect(masked.map(({line}) => line)).toEqual([2, 10])
  })
  test('one that is never closed', () => {
    const {text} = maskSecrets(`${begin}\n${body}\n\n<end>`)
    expect(text).not.toContain(random(20))
    expect(text).toContain('<end>')
  })
  test('the words alone are no key', () => {
    expect(maskSecrets(`starts with ${begin}.`).masked).toEqual([])
  })
})

test.each([
  'System.get_env("SECRET_KEY_BASE")',
  'secret_key_base: System.fetch_env!("SECRET_KEY_BASE")',
  'import sklearn as sk-learn',
  'https://user:password@example.com/',
  'AKIAIOSFODNN',
  'ghp_short',
])('no secret: %s', (text) => {
  expect(maskSecrets(text)).toEqual({text, masked: []})
})

test('as many line breaks as before, whatever the text', () => {
  const part = fc.oneof(
    fc.string({unit: 'grapheme', maxLength: 20}),
    fc.constantFrom(
      ...secrets.map(([, secret, before, after]) => `${before}${secret}${after}`),
      '\n',
      `${begin}\n${random(64)}\n`,
      end,
    ),
  )
  fc.assert(
    fc.property(fc.array(part, {maxLength: 12}), (parts) => {
      const text = parts.join('')
      expect(maskSecrets(text).text.split('\n').length).toBe(text.split('\n').length)
    }),
  )
})

test.each([
  'a',
  'sk-',
  'sk-ant-',
  'ghp_',
  'xoxb-',
  'secret_key_base = "',
  'secret_key_base        ',
  'aws_secret_access_key',
  `${begin}\n`,
  `${begin}\n<`,
  `${begin}${'A'.repeat(40)}<\n`,
  '-----BEGIN RSA ',
  'AKIA',
  'hooks.slack.com/services/',
])('a megabyte of %j is no denial of service', (unit) => {
  const text = unit.repeat(Math.ceil(1e6 / unit.length))
  const start = performance.now()
  maskSecrets(text)
  expect(performance.now() - start).toBeLessThan(2000)
})
