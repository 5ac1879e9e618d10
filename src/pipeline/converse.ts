/** One question with as many turns for tools as it takes. Every use of a tool is kept for the trace. */
import {Failure} from '../errors.ts'
import type {Message, ModelReply, ModelRequest, ToolCall, ToolResult, ToolSpec} from '../provider.ts'
import type {StepContext} from './step.ts'
import {useTool} from './tools.ts'

export interface ToolSettings {
  readonly tools?: readonly string[] | undefined
  readonly max_turns?: number | undefined
}

const usualTurns = 10

/**
 * The last turn has no tools, so that there is an answer. Throws `Failure` `unknown-tool` when the words for a tool are missing.
 *
 * @returns the answer, and all messages that led to it
 */
export async function converse(
  request: ModelRequest,
  {tools = [], max_turns: turns = usualTurns}: ToolSettings,
  context: StepContext,
): Promise<{readonly reply: ModelReply; readonly messages: readonly Message[]}> {
  const specs = specsOf(tools, context)
  if (specs.length > 0 && turns < 2) context.note('no-turns', 'with `max_turns: 1` there is no turn for a tool')
  let messages = request.messages
  for (let turn = 1; ; turn++) {
    const isLast = turn >= turns
    const toolsNow = specs.length === 0 ? {} : {tools: specs, ...(isLast ? {mayUseTools: false as const} : {})}
    const asked: ModelRequest = {...request, ...toolsNow, messages}
    const reply = await context.tools.ask(asked, context.signal)
    context.called({request: asked, reply})
    if (reply.stopped !== 'tools' || reply.calls === undefined || isLast) return {reply, messages}
    const results: ToolResult[] = []
    // one after the other: a model may write a file and read it in one turn
    for (const call of reply.calls) results.push(await answerTo(call, tools, context))
    messages = [
      ...messages,
      {role: 'assistant', text: reply.text, calls: reply.calls},
      {role: 'user', text: '', results},
    ]
  }
}

function specsOf(tools: readonly string[], {tools: {toolSpecs, shell}, note}: StepContext): readonly ToolSpec[] {
  if (tools.length === 0) return []
  const specs = toolSpecs?.() ?? {}
  return tools.flatMap((tool) => {
    if (tool === 'shell' && shell === undefined) {
      note('no-shell', 'the step asks for a shell, which is not allowed without --allow-shell')
      return []
    }
    const spec = specs[tool]
    if (spec === undefined) throw new Failure('unknown-tool', `there are no words for the tool \`${tool}\``)
    return [spec]
  })
}

/** A tool that fails is an answer, too: the model sees what went wrong and goes on. */
async function answerTo(call: ToolCall, allowed: readonly string[], context: StepContext): Promise<ToolResult> {
  const {id, name} = call
  if (context.signal?.aborted === true) throw new Failure('cancelled', 'the run was cancelled', {exit: 3})
  const done = await useTool(call, allowed, context)
  context.acted({tool: name, about: done.about, ok: done.ok})
  return {id, name, text: done.text, isError: !done.ok}
}
