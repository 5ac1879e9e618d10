/** The packed code itself; asks no model. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {defineStep} from '../step.ts'

const Settings = z.strictObject({})

export const pack = defineStep<z.infer<typeof Settings>>({
  summary: 'The packed code: its text, and as data {files, left_out, tokens}. Asks no model.',
  settings: Settings,
  needs: () => ['pack'],
  run: async (_, {tools}) => {
    if (tools.pack === undefined) throw new Failure('not-allowed', 'there is no code to pack here')
    const {text, data} = await tools.pack()
    return {result: {text, data, ok: true}}
  },
})
