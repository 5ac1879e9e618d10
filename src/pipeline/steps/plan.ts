/** What an earlier step found or planned, as the plan file; asks no model. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {defineStep, valueOfResult} from '../step.ts'

const Settings = z.strictObject({from: z.string()})

export const plan = defineStep<z.infer<typeof Settings>>({
  summary: 'The plan file: `from` names the step whose findings, or whose plan, it is made of. Asks no model.',
  settings: Settings,
  uses: ({from}) => [{path: ['from'], text: from}],
  run: async ({from}, {tools, result}) => {
    const source = result(from)
    if (source === undefined) throw new Failure('no-result', `there is no result of a step \`${from}\``)
    const {text, data} = tools.draft(valueOfResult(source))
    return {result: {text, data, ok: true}}
  },
})
