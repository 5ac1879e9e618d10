/** Variables, seen by everything that runs after it. */
import * as z from 'zod'
import {defineStep} from '../step.ts'
import {render} from '../template.ts'
import {textsIn} from '../values.ts'

const Settings = z.strictObject({values: z.record(z.string().min(1), z.json())})

export const set = defineStep<z.infer<typeof Settings>>({
  summary: 'Variables: `{{state.name}}` and `{{name}}` from here on.',
  settings: Settings,
  templates: ({values}) => textsIn(values, ['values']),
  sets: ({values}) => Object.keys(values),
  run: async ({values}, {resolveAll}) => {
    const state = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, resolveAll(value)]))
    const data = Object.fromEntries(Object.entries(state).map(([name, {value}]) => [name, value]))
    return {result: {text: render(data), data, ok: true}, state}
  },
})
