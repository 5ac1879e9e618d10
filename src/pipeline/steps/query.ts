/** What is in the packed code: files, functions, dependencies, relatives, impact. Asks no model. */
import * as z from 'zod'
import {Failure} from '../../errors.ts'
import {isRecord} from '../functions.ts'
import {defineStep} from '../step.ts'
import {render} from '../template.ts'
import {textsIn} from '../values.ts'

const kinds = ['find_files', 'find_functions', 'find_dependencies', 'find_related', 'analyze_impact'] as const

const Settings = z.strictObject({
  queries: z.record(z.string().min(1), z.partialRecord(z.enum(kinds), z.json())),
})

export const query = defineStep<z.infer<typeof Settings>>({
  summary: `Questions about the code: each of \`queries\` has one of ${kinds.join(', ')}. Asks no model.`,
  settings: Settings,
  templates: ({queries}) => textsIn(queries, ['queries']),
  needs: () => ['query'],
  run: async ({queries}, {tools: {query: ask}, resolveAll}) => {
    if (ask === undefined) throw new Failure('not-allowed', 'there is no code to ask about here')
    const data: Record<string, unknown> = {}
    for (const [name, each] of Object.entries(queries)) {
      const found: [string, unknown][] = []
      for (const [kind, criteria] of Object.entries(each)) {
        const {value} = resolveAll(criteria)
        found.push([kind, await ask(kind, isRecord(value) ? value : {})])
      }
      const [only] = found
      data[name] = found.length === 1 ? only?.[1] : Object.fromEntries(found)
    }
    return {result: {text: render(data), data, ok: true}}
  },
})
