/** A value of the author's own, filled and handed on: for trying a pipeline without a model. */
import * as z from 'zod'
import {defineStep} from '../step.ts'
import {render} from '../template.ts'

const Settings = z.strictObject({description: z.string().optional(), value: z.json()})

export const echo = defineStep<z.infer<typeof Settings>>({
  summary: 'Its `value`, with templates filled in. Asks no model.',
  settings: Settings,
  texts: () => ({}),
  withTexts: (settings) => settings,
  templates: ({value}) => (typeof value === 'string' ? [{path: ['value'], text: value}] : []),
  uses: () => [],
  models: () => [],
  schemas: () => [],
  run: async ({value}, {resolve}) => {
    const resolved = typeof value === 'string' ? resolve(value) : value
    const isText = typeof resolved === 'string'
    return {result: {text: render(resolved), data: isText ? null : resolved, ok: true}, calls: []}
  },
})
