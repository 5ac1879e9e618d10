/** A value of the author's own, filled and handed on: for trying a pipeline without a model. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {defineStep} from '../step.ts'
import {render} from '../template.ts'
import {textsIn} from '../values.ts'

const Settings = z.strictObject({value: z.json(), fail: z.boolean().optional(), error: z.string().optional()})

export const echo = defineStep<z.infer<typeof Settings>>({
  summary: 'Its `value`, with templates filled in; with `fail: true` it fails with `error`. Asks no model.',
  settings: Settings,
  templates: ({value, error = ''}) => textsIn({value, error}, []),
  run: async ({value, fail = false, error = 'it was told to fail'}, {resolve, resolveAll}) => {
    if (fail) throw new Failure('echo-failed', String(resolve(error)))
    const resolved = resolveAll(value).value
    const isText = typeof resolved === 'string'
    const text = resolved === null ? '' : render(resolved)
    return {result: {text, data: isText ? null : resolved, ok: true}}
  },
})
