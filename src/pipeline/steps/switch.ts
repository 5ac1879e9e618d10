/** One of several lists of steps. */
import * as z from 'zod'
import {isSame, textOfValue} from '../functions.ts'
import {defineStep} from '../step.ts'

const Case = z.strictObject({value: z.json().optional(), when: z.string().optional(), steps: z.array(z.unknown())})
const Settings = z
  .strictObject({on: z.json().optional(), cases: z.array(Case).min(1), default: z.array(z.unknown()).optional()})
  .superRefine(({on, cases}, context) => {
    const seen = new Set<string>()
    for (const [at, {value, when}] of cases.entries()) {
      const key = when ?? JSON.stringify(value)
      const wrong = (message: string): void => context.addIssue({code: 'custom', path: ['cases', at], message})
      if (on === undefined && when === undefined) wrong('without `on`, each case needs `when`')
      if (seen.has(key)) wrong('stands for the same as a case before it and never runs')
      seen.add(key)
    }
  })
type Settings = z.infer<typeof Settings>

/** The keys of a mapping are texts, whatever the value is that they mean. */
const isSpelled = (is: unknown, wanted: unknown): boolean =>
  (typeof is === 'string' || typeof wanted === 'string') && is !== null && textOfValue(wanted) === textOfValue(is)

export const choose = defineStep<Settings>({
  summary:
    'The steps of the first of its `cases` whose `value` is that of `on`, or whose `when` holds; else those of `default`.',
  settings: Settings,
  expressions: ({on, cases}) => [
    ...(typeof on === 'string' ? [{path: ['on'], text: on}] : []),
    ...cases.flatMap(({when}, at) => (when === undefined ? [] : [{path: ['cases', at, 'when'], text: when}])),
  ],
  branches: ({cases, default: others = []}) => [
    ...cases.map(({steps}, at) => ({path: ['cases', at, 'steps'], steps})),
    {path: ['default'], steps: others},
  ],
  run: async ({on, cases}, {value, holds, branch}) => {
    const is = typeof on === 'string' ? value(on).value : (on ?? null)
    const matches = ({value: wanted, when}: Settings['cases'][number]): boolean =>
      when === undefined ? isSame(is, wanted) || isSpelled(is, wanted) : holds(when)
    const found = cases.findIndex(matches)
    const {output} = await branch(found < 0 ? cases.length : found)
    const facts = {...output.facts, case: found < 0 ? 'default' : (cases[found]?.when ?? cases[found]?.value ?? null)}
    return {result: {...output, facts}}
  },
})
