/** Entry of the command line: words → command → exit code. One catch. */
import {Command as Parser, CommanderError, Option as ParserOption} from 'commander'
import type {Command, Flags, World} from './commands/command.ts'
import {commands} from './commands/index.ts'
import {Failure, messageOf} from './errors.ts'
import {jsonText, plain, plainLine} from './trust.ts'

const badFlag = 2
const bug = 3

const world: World = {
  cwd: process.cwd(),
  env: process.env,
  color: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
  print: (text) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
  say: (text) => void process.stderr.write(text.endsWith('\n') ? text : `${text}\n`),
}

/** @returns the exit code: 0 done and passed, 1 the gate failed, 2 the user can fix it, 3 it could not be judged */
export async function command(words: readonly string[]): Promise<number> {
  process.stdout.on('error', survive)
  process.stderr.on('error', () => {})
  let code = 0
  const parser = new Parser('refactor-plan')
    .description('A refactor plan that is grounded in the code, scored against gold standards.')
    .version('see --version', '-V, --version', 'print the version')
    .configureOutput({writeErr: (text) => world.say(plain(text)), writeOut: world.print})
    .showSuggestionAfterError(true)
    .exitOverride()
  for (const [name, each] of Object.entries<Command>(commands)) {
    add(parser, name, each, async (args, flags) => {
      code = await each.run(args, flags, world)
    })
  }
  try {
    await parser.parseAsync([...words], {from: 'user'})
    return code
  } catch (thrown) {
    return fail(thrown, words)
  }
}

function add(
  parser: Parser,
  name: string,
  each: Command,
  run: (args: readonly string[], flags: Flags) => Promise<void>,
): void {
  const sub = parser.command(name).description(each.summary).exitOverride()
  sub
    .configureOutput({writeErr: (text) => world.say(plain(text)), writeOut: world.print})
    .showHelpAfterError(`See \`${name} --help\`.`)
  for (const {usage, summary} of each.arguments) sub.argument(usage, summary)
  const options = each.options.map(({flags, summary, choices, repeats = false}) => {
    const option = new ParserOption(flags, summary)
    if (repeats) option.argParser((value, before) => [...(Array.isArray(before) ? before.map(String) : []), value])
    return choices === undefined ? option : option.choices(choices)
  })
  for (const option of options) sub.addOption(option)
  sub.action(async () => {
    const given: Record<string, unknown> = sub.opts()
    const flags = Object.fromEntries(options.map((option) => [option.name(), flagOf(given[option.attributeName()])]))
    await run(sub.args, flags)
  })
}

const flagOf = (value: unknown): string | boolean | readonly string[] | undefined => {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  return Array.isArray(value) ? value.map(String) : undefined
}

function fail(thrown: unknown, words: readonly string[]): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
  const usage = thrown instanceof CommanderError ? new Failure('bad-usage', thrown.message, {hint: 'see --help'}) : null
  const failure = thrown instanceof Failure ? thrown : usage
  if (words.some((word, at) => word === '--format=json' || (word === 'json' && words[at - 1] === '--format'))) {
    const error = {code: failure?.code ?? 'bug', message: messageOf(thrown), hint: failure?.hint ?? null}
    world.print(jsonText({schema: 1, error}, 0))
  }
  // commander has told people already
  if (usage !== null) return badFlag
  if (failure) {
    world.say(plain(`${failure.code}: ${failure.message}${failure.hint === null ? '' : `\n  → ${failure.hint}`}`))
    return failure.exit
  }
  const stack = thrown instanceof Error ? thrown.stack : undefined
  world.say(plain(`This is a defect of refactor-plan, not of your input:\n${stack ?? messageOf(thrown)}`))
  return bug
}

/**
 * `plan … | head` closes the pipe: that is the reader's right, and no reason to forget what the gate decided. What else goes wrong
 * with standard output (a full disk) is an error, because the result did not arrive.
 */
function survive(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  world.say(plainLine(`cannot-write: the result could not be written: ${error.message}`))
  process.exit(bug)
}
