/** Questions whose answers are to be named fields, as ax writes them (https://github.com/ax-llm/ax, `dsp/optimizers/gepa.ts`). */

export interface Form {
  /** What the answer is to be called. */
  readonly field: string
  /** The text that is to become better; null: what went wrong is to be summed up. */
  readonly words: string | null
}

/** null: the answer is free text. */
export function formIn(prompt: string): Form | null {
  const [, field] = /You must generate the following fields:[^]*?\(wire key: `(\w+)`\)/.exec(prompt) ?? []
  if (field === undefined) return null
  // the last one: before, the field is described
  const [, words] =
    /[^]*^Current Value: ([^]*?)\n*^(?:Feedback Summary|Previous Validation Error|Minibatch): /m.exec(prompt) ?? []
  return {field, words: words?.trimEnd() ?? null}
}
