/** ◆ What a model may do with the workspace of a pipeline that a person runs himself. A tool never throws at a model: it says what is wrong. */
import * as z from 'zod'
import {Failure} from '../errors.ts'
import type {ToolCall} from '../provider.ts'
import type {StepContext} from './step.ts'
import type {Workspace} from './workspace.ts'

export interface Done {
  readonly ok: boolean
  readonly text: string
  /** What it was about, for the trace. */
  readonly about: string
}

interface Tool<Input> {
  readonly input: z.ZodType<Input>
  readonly about: (input: Input) => string
  readonly run: (input: Input, context: StepContext) => Promise<string>
}

/** Closes over the type of the input, so that tools of different inputs stand in one registry. */
const tool =
  <Input>({input, about, run}: Tool<Input>) =>
  async (given: unknown, context: StepContext): Promise<Done> => {
    const read = input.safeParse(given)
    if (!read.success) {
      const problems = read.error.issues.map(({path, message}) => `${path.join('.')}: ${message}`).join('; ')
      return {ok: false, text: `the input is not what the tool takes: ${problems}`, about: ''}
    }
    try {
      return {ok: true, text: cut(await run(read.data, context)), about: about(read.data)}
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code === 'cancelled') throw thrown
      return {ok: false, text: thrown.message, about: about(read.data)}
    }
  }

/** More of one file than this is asked for in parts: it is paid for with each turn that follows. */
const maxShown = 60_000

const cut = (text: string): string =>
  text.length <= maxShown ? text : `${text.slice(0, maxShown)}\n… (${text.length - maxShown} more characters)`

function given(workspace: Workspace | undefined): Workspace {
  if (workspace === undefined) throw new Failure('not-allowed', 'there is no workspace here')
  return workspace
}

const Path = z.string().min(1)
const lines = (text: string, from = 1, to = Infinity): string =>
  text
    .split('\n')
    .slice(from - 1, to)
    .join('\n')

export const tools: Readonly<Record<string, (input: unknown, context: StepContext) => Promise<Done>>> = {
  read: tool({
    input: z.object({path: Path, from_line: z.int().positive().optional(), to_line: z.int().positive().optional()}),
    about: ({path}) => path,
    run: async ({path, from_line: from, to_line: to}, {tools: {workspace}}) =>
      lines(await given(workspace).read(path), from, to),
  }),
  list: tool({
    input: z.object({path: Path.default('.'), recursive: z.boolean().optional()}),
    about: ({path}) => path,
    run: async ({path, recursive = false}, {tools: {workspace}}) =>
      (await given(workspace).list(path, {recursive}))
        .map(({path: each, kind}) => (kind === 'folder' ? `${each}/` : each))
        .join('\n'),
  }),
  search: tool({
    input: z.object({text: z.string().min(1), path: Path.optional()}),
    about: ({text}) => text,
    run: async ({text, path}, {tools: {workspace}}) =>
      (await given(workspace).search(text, path === undefined ? {} : {folder: path}))
        .map(({path: file, line, text: found}) => `${file}:${line}: ${found}`)
        .join('\n'),
  }),
  write: tool({
    input: z.object({path: Path, content: z.string()}),
    about: ({path}) => path,
    run: async ({path, content}, {tools: {workspace}}) => {
      await given(workspace).write(path, content)
      return `${path} is written`
    },
  }),
  edit: tool({
    input: z.object({path: Path, before: z.string().min(1), after: z.string()}),
    about: ({path}) => path,
    run: async ({path, before, after}, {tools: {workspace}}) => {
      await given(workspace).edit(path, before, after)
      return `${path} is changed`
    },
  }),
  shell: tool({
    input: z.object({command: z.string().min(1)}),
    about: ({command}) => command,
    run: async ({command}, {tools: {shell}, signal}) => {
      if (shell === undefined) throw new Failure('not-allowed', 'there is no shell here')
      const {text, ok} = await shell(command, signal)
      if (!ok) throw new Failure('shell-failed', text)
      return text
    },
  }),
}

const changing: readonly string[] = ['write', 'edit', 'shell']
const Outcome = z.strictObject({ok: z.boolean(), text: z.string(), about: z.string()})

/** Only what the step was given: a model may ask for anything. */
export async function useTool(
  {name, input}: ToolCall,
  allowed: readonly string[],
  context: StepContext,
): Promise<Done> {
  const known = allowed.includes(name) && Object.hasOwn(tools, name) ? tools[name] : undefined
  if (known === undefined)
    return {ok: false, text: `there is no tool ${JSON.stringify(name.slice(0, 60))} here`, about: ''}
  const done = async (): Promise<Done> => known(input, context)
  if (!changing.includes(name) || context.tools.once === undefined) return done()
  return Outcome.parse(await context.tools.once(JSON.stringify([name, input]), done))
}
