/** A command of the shell, where the person who runs the pipeline allows it. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {cancelled} from '../../provider.ts'
import {defineStep} from '../step.ts'

const Settings = z.strictObject({command: z.string().min(1)})

export const shell = defineStep<z.infer<typeof Settings>>({
  summary: 'A `command` of the shell, only with --allow-shell. Its output is the text.',
  settings: Settings,
  // not filled: what a model wrote would be a command
  needs: () => ['shell'],
  run: async ({command}, {tools, signal, acted}) => {
    if (tools.shell === undefined) throw new Failure('not-allowed', 'there is no shell here')
    const {text, ok} = await tools.shell(command, signal)
    if (signal?.aborted === true) throw cancelled()
    if (!ok) throw new Failure('shell-failed', `\`${command.slice(0, 200)}\` failed: ${text.slice(-2_000)}`)
    acted({tool: 'shell', about: command, ok})
    return {result: {text, data: null, ok}}
  },
})
