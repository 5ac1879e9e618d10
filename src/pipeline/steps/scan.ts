/** The static rules over the packed code; asks no model. */
import * as z from 'zod'
import {defineStep} from '../step.ts'
import {render} from '../template.ts'

const Settings = z.strictObject({})

export const scan = defineStep<z.infer<typeof Settings>>({
  summary: 'The static rules over the code, as data: {findings, skipped}. Asks no model.',
  settings: Settings,
  run: async (_, {tools}) => {
    const {findings, skipped} = await tools.scan()
    const data = {findings, skipped}
    return {result: {text: render(data), data, ok: true}}
  },
})
