/** What a model answers when it is asked to carry out one change: text for files, and nothing that runs. */
import * as z from 'zod'

export const Answer = z.strictObject({
  /** `find` is a passage of the file as it was shown and stands there once; all of them are about that same text. */
  edits: z.array(z.strictObject({file: z.string(), find: z.string(), replace: z.string()})),
  create: z.array(z.strictObject({file: z.string(), text: z.string()})),
  delete: z.array(z.string()),
  /** Why the change cannot be made of these files; null: it can. */
  cannot: z.string().nullable(),
})
export type Answer = z.infer<typeof Answer>

/** Every object closed and every key required, as both providers' structured outputs want it. */
export const answerSchema: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(z.toJSONSchema(Answer)).filter(([key]) => key !== '$schema'),
)
