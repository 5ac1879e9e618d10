/** What happens while a pipeline runs, for whoever watches. */
import type {Usage} from '../provider.ts'

/** `depth` 0: a step of the pipeline itself; deeper ones stand inside of it. */
export type PipelineEvent = {readonly step: string; readonly depth: number} & (
  | {readonly kind: 'started'}
  | {readonly kind: 'skipped'}
  | {readonly kind: 'finished'; readonly milliseconds: number; readonly usage: Usage}
  | {readonly kind: 'failed'; readonly milliseconds: number}
)

/** null: it says nothing that a person waits for. */
export function lineOf(event: PipelineEvent): string | null {
  if (event.depth > 0) return null
  if (event.kind === 'started') return `${event.step} …`
  if (event.kind === 'skipped') return `${event.step} skipped`
  const took = `${event.step} ${event.kind} after ${(event.milliseconds / 1000).toFixed(1)} s`
  return event.kind === 'finished' && event.usage.calls > 0
    ? `${took}, ${event.usage.input_tokens} tokens in, ${event.usage.output_tokens} out`
    : took
}
