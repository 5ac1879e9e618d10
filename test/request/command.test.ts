import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {parseCommand, type Command} from '../../src/request/command.ts'

const run = (more: object = {}): object => ({kind: 'run', goal: null, sha: null, pipeline: null, again: false, ...more})
const unknown = (word: string): object => ({kind: 'unknown', word})
const sha = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334'

describe('the first line of a comment', () => {
  test.each([
    ['/refactor-plan', run()],
    ['/refactor-plan   ', run()],
    ['/refactor-plan run', run()],
    ['/refactor-plan\r\nand a long story --pipeline=evil', run()],
    ['/refactor-plan\trerun', run({again: true})],
    ['/refactor-plan run rerun', run({again: true})],
    ['/refactor-plan "Split the router"', run({goal: 'Split the router'})],
    ['/refactor-plan run “Split the router”', run({goal: 'Split the router'})],
    ['/refactor-plan a1b2c3d', run({sha: 'a1b2c3d'})],
    [`/refactor-plan ${sha.toUpperCase()} rerun`, run({sha, again: true})],
    ['/refactor-plan --pipeline=offline', run({pipeline: 'offline'})],
    [
      '/refactor-plan --pipeline=pipelines/mine.yaml "x" a1b2c3d',
      run({pipeline: 'pipelines/mine.yaml', goal: 'x', sha: 'a1b2c3d'}),
    ],
    ['/refactor-plan help', {kind: 'help'}],
    ['/refactor-plan status', {kind: 'status'}],
    ['/refactor-plan skip\nfor the docs', {kind: 'skip', sha: null}],
    ['/refactor-plan skip A1B2C3D', {kind: 'skip', sha: 'a1b2c3d'}],
    ['/refactor-plan override a1b2c3d it waits', {kind: 'override', sha: 'a1b2c3d', reason: 'it waits'}],
    ['/refactor-plan optimize', {kind: 'optimize'}],
    ['/refactor-plan doctor', {kind: 'doctor'}],
    ['/refactor-plan explain F3', {kind: 'explain', id: 'F3'}],
    ['/refactor-plan apply C1', {kind: 'apply', ids: ['C1']}],
    ['/refactor-plan apply C1 C2\nplease', {kind: 'apply', ids: ['C1', 'C2']}],
    ['/refactor-plan override the release waits', {kind: 'override', sha: null, reason: 'the release waits'}],
    ['/refactor-plan override “the release waits”', {kind: 'override', sha: null, reason: 'the release waits'}],
    [`/refactor-plan override ${'x'.repeat(400)}`, {kind: 'override', sha: null, reason: 'x'.repeat(300)}],
  ])('%j is understood', (body, command) => {
    expect(parseCommand(body)).toEqual(command)
  })
  test.each([
    ['/refactor-plan now', 'now'],
    ['/refactor-plan help me', 'me'],
    ['/refactor-plan skip it', 'it'],
    ['/refactor-plan override', 'override'],
    ['/refactor-plan override a1b2c3d', 'override'],
    ['/refactor-plan override ""', 'override'],
    ['/refactor-plan explain', 'explain'],
    ['/refactor-plan explain F1 F2', 'F2'],
    ['/refactor-plan explain ../x', '../x'],
    ['/refactor-plan apply', 'apply'],
    ['/refactor-plan apply ../x', '../x'],
    ['/refactor-plan apply C1 --force', '--force'],
    ['/refactor-plan apply C1 .github', '.github'],
    [`/refactor-plan apply ${Array.from({length: 11}, (_, at) => `C${at}`).join(' ')}`, 'C10'],
    ['/refactor-plan run skip', 'skip'],
    ['/refactor-plan rerun run', 'run'],
    ['/refactor-plan rerun rerun', 'rerun'],
    ['/refactor-plan rerun help', 'help'],
    ['/refactor-plan a1b2c3', 'a1b2c3'],
    ['/refactor-plan a1b2c3d b1b2c3d', 'b1b2c3d'],
    ['/refactor-plan "a" "b"', '"b"'],
    ['/refactor-plan ""', '""'],
    ['/refactor-plan " "', '" "'],
    ['/refactor-plan "open', '"open'],
    [`/refactor-plan "${'x'.repeat(501)}"`, `"${'x'.repeat(63)}`],
    ['/refactor-plan --pipeline', '--pipeline'],
    ['/refactor-plan --pipeline=', '--pipeline='],
    ['/refactor-plan --pipeline=../evil.yaml', '--pipeline=../evil.yaml'],
    ['/refactor-plan --pipeline=a/../../evil', '--pipeline=a/../../evil'],
    ['/refactor-plan --pipeline=/etc/passwd', '--pipeline=/etc/passwd'],
    ['/refactor-plan --pipeline=.github/x', '--pipeline=.github/x'],
    ['/refactor-plan --pipeline=$(id)', '--pipeline=$(id)'],
    ['/refactor-plan --pipeline=a --pipeline=b', '--pipeline=b'],
    ['/refactor-plan --threshold=0', '--threshold=0'],
    ['/refactor-plan --gate=off', '--gate=off'],
  ])('%j has a word that is not', (body, word) => {
    expect(parseCommand(body)).toEqual(unknown(word))
  })
  test.each([
    '',
    'please /refactor-plan',
    ' /refactor-plan',
    '\n/refactor-plan',
    '> /refactor-plan',
    '```\n/refactor-plan',
    '/refactor-plans',
    '/refactor-plan-b',
    '/Refactor-Plan',
    '/refactor-plan\u200b',
    '/refactor-plan\u0000rerun',
  ])('%j is no command', (body) => {
    expect(parseCommand(body)).toBeNull()
  })
})

const words = fc.oneof(
  fc.constantFrom(
    'run',
    'rerun',
    'help',
    'override',
    'explain',
    'skip',
    '"a goal"',
    'a1b2c3d',
    '--pipeline=x',
    '--pipeline=../x',
    '"',
    '“',
    '--gate=off',
  ),
  fc.string({maxLength: 12}),
)
const commands = fc.array(words, {maxLength: 6}).map((list) => `/refactor-plan ${list.join(' ')}`)

describe('whatever is typed', () => {
  const holds = (command: Command | null): boolean => {
    if (command === null) return true
    if (command.kind === 'explain') return /^[A-Za-z][\w.-]{0,63}$/.test(command.id)
    if (command.kind === 'override') return command.reason.trim() !== '' && command.reason.length <= 300
    if (command.kind !== 'run' && command.kind !== 'unknown') return true
    if (command.kind === 'unknown') return command.word.length <= 64 && command.word.length > 0
    const {goal, sha, pipeline} = command
    return (
      (goal === null || (goal.trim() === goal && goal.length > 0 && goal.length <= 500 && !/[\r\n"]/.test(goal))) &&
      (sha === null || /^[0-9a-f]{7,64}$/.test(sha)) &&
      (pipeline === null || (/^[\w./-]+$/.test(pipeline) && !/(?:^|\/)\.|^\//.test(pipeline)))
    )
  }
  test('values have their shape', () => {
    fc.assert(
      fc.property(commands, (body) => holds(parseCommand(body))),
      {numRuns: 2000},
    )
  })
  test('what stands below the first line changes nothing', () => {
    fc.assert(
      fc.property(commands, fc.string(), fc.constantFrom('\n', '\r\n', '\r'), (body, rest, end) => {
        fc.pre(!/[\r\n]/.test(body))
        expect(parseCommand(body + end + rest)).toEqual(parseCommand(body))
      }),
    )
  })
  test('a comment that starts with anything else is no command', () => {
    fc.assert(
      fc.property(fc.string(), (body) => {
        fc.pre(!body.startsWith('/refactor-plan'))
        expect(parseCommand(body)).toBeNull()
      }),
    )
  })
  test('a huge comment takes no time', () => {
    const start = performance.now()
    for (const piece of ['"', '“', 'a', ' ', '--pipeline=a/', '“"'])
      parseCommand(`/refactor-plan ${piece.repeat(200_000)}`)
    expect(performance.now() - start).toBeLessThan(500)
  })
})
