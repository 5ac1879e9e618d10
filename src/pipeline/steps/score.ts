/** The score of a plan that an earlier step made; asks no model. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {defineStep, valueOfResult} from '../step.ts'

const Settings = z.strictObject({from: z.string(), gold: z.string().min(1).optional()})

export const score = defineStep<z.infer<typeof Settings>>({
  summary:
    'The score of the plan of the step `from`, against `gold` (a file), or without one by its own rules. Asks no model.',
  settings: Settings,
  uses: ({from}) => [{path: ['from'], text: from}],
  needs: () => ['score'],
  run: async ({from, gold}, {tools, result}) => {
    const source = result(from)
    if (source === undefined) throw new Failure('no-result', `there is no result of a step \`${from}\``)
    if (tools.score === undefined) throw new Failure('not-allowed', 'plans are not scored here')
    const {text, data} = await tools.score(valueOfResult(source), gold ?? null)
    return {result: {text, data, ok: true}}
  },
})
