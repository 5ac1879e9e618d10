/** What a person sees of a run while it goes on: one line that changes on a terminal, a line for each step elsewhere. */
import {lineOf, type PipelineEvent} from '../pipeline/events.ts'
import {addUsage, noUsage, type Usage} from '../provider.ts'
import {plainLine, type Plain} from '../trust.ts'

export interface Progress {
  readonly onEvent: (event: PipelineEvent) => void
  readonly onSpent: (usage: Usage) => void
  /** A line that stays, above the one that changes. */
  readonly say: (line: Plain) => void
  /** Steps that an earlier run has done. */
  readonly skip: (steps: number) => void
  readonly end: () => void
}

interface Screen {
  readonly write: (text: string) => void
  readonly columns: number
  readonly isTerminal: boolean
}

const everyMs = 500

export const clockOf = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

const moneyOf = ({usd}: Usage): string => (usd === null ? '$?' : `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`)

const tokensOf = (tokens: number): string => (tokens < 10_000 ? String(tokens) : `${Math.round(tokens / 1000)}k`)

/** @param total steps of the pipeline itself */
export function openProgress({write, columns, isTerminal}: Screen, total: number, now: () => number): Progress {
  const started = now()
  const running: string[] = []
  let [spent, done] = [noUsage, 0]
  let isShown = false
  const clear = (): void => {
    if (isShown) write('\r\u001b[K')
    isShown = false
  }
  const line = (): string => {
    const money =
      spent.calls === 0
        ? []
        : [`${tokensOf(spent.input_tokens)} in`, `${tokensOf(spent.output_tokens)} out`, moneyOf(spent)]
    const where = running.at(-1) ?? ''
    return plainLine(
      ['', `[${done}/${total}] ${where}`, ...money, clockOf(now() - started)].slice(1).join(' · '),
      Math.max(20, columns - 1),
    )
  }
  const draw = (): void => {
    if (!isTerminal) return
    clear()
    write(line())
    isShown = true
  }
  const timer = isTerminal ? setInterval(draw, everyMs) : null
  timer?.unref()
  const say = (text: Plain): void => {
    clear()
    write(text.endsWith('\n') ? text : `${text}\n`)
    draw()
  }
  return {
    say,
    onSpent: (usage) => {
      spent = addUsage(spent, usage)
      draw()
    },
    onEvent: (event) => {
      if (event.kind === 'started') running.push(event.step)
      else if (running.includes(event.step)) running.splice(running.lastIndexOf(event.step), 1)
      if (event.depth === 0 && event.kind !== 'started') done += 1
      const text = isTerminal ? null : lineOf(event)
      if (text === null) draw()
      else say(plainLine(text, 400))
    },
    skip: (steps) => {
      done += steps
    },
    end: () => {
      if (timer !== null) clearInterval(timer)
      clear()
    },
  }
}
