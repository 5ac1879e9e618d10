/** What an optimization found, for the job's page and the pull request that offers the evolved YAML. */
import {joinMarkdown, markdown, text, type Markdown} from '../trust.ts'

/** As `optimize` returns it; report stands to its left and knows only what it prints. */
export interface Evolution {
  readonly promoted: boolean
  readonly baseline: number | null
  readonly best: number | null
  readonly spent: {readonly calls: number; readonly tokens: number; readonly usd: number | null}
  readonly log: readonly {
    readonly kind: string
    readonly message?: string
    readonly gold?: string
    readonly score?: number | null
    readonly what?: string
  }[]
}

const scoreOf = (score: number | null | undefined): string => (typeof score === 'number' ? score.toFixed(2) : '–')

export function evolutionBody({promoted, baseline, best, spent, log}: Evolution, pipeline: string): Markdown {
  const runs = log.flatMap(({kind, what = '', gold = '', score}) =>
    kind === 'evaluated' ? [markdown`| ${text(what)} | ${text(gold)} | ${text(scoreOf(score))} |`] : [],
  )
  const notes = log.flatMap(({message}) => (message === undefined ? [] : [markdown`- ${text(message)}`]))
  const first = promoted
    ? markdown`✅ Better words for the pipeline ${text(pipeline)}`
    : markdown`ℹ️ No better words for the pipeline ${text(pipeline)}: it stays as it is`
  return markdown`${first}

Mean score ${text(scoreOf(baseline))} before, ${text(scoreOf(best))} best, over the gold standards that nothing was learned from. The figures concern these gold standards and no others; each was measured once.

${joinMarkdown(notes, '\n')}

| run | gold standard | score |
|---|---|---|
${joinMarkdown(runs, '\n')}

Spent: ${spent.calls} model calls, ${spent.tokens} tokens, ${text(spent.usd === null ? 'cost unknown' : `$${spent.usd.toFixed(4)}`)}.
`
}
