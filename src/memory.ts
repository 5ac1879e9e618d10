/** What is remembered of a pull request: in statuses, which nobody can edit, and in a hidden word of the bot's comment. */
import {deflateRawSync, inflateRawSync} from 'node:zlib'
import {parseBrief, type Brief} from './report/brief.ts'
import {keptOf, parseKept, type Kept} from './report/kept.ts'
import type {Report} from './report/report.ts'
import {
  decodeHistory,
  encodeHistory,
  headsOf,
  noHistory,
  openerIn,
  samplesIn,
  type History,
  type Sample,
} from './score/history.ts'
import type {Decision} from './score/scorecard.ts'
import {contextOf, marker, type Reviewing, type Settled} from './target.ts'

export interface Memory {
  readonly history: History
  /** Of the last plan. */
  readonly brief: Brief
  /** Its changes, word for word, as many as there was room for; null: none. */
  readonly kept: Kept | null
}

/** Longer, and the comment would have too little room for what people see of it. */
const maxBrief = 12_000

const packed = (value: Brief | Kept): string => deflateRawSync(JSON.stringify(value)).toString('base64')

/** Both in one word; of the plan as much as fits. */
export function memoryWord({history, brief}: Omit<Memory, 'kept'>): string {
  let kept = brief
  let word = packed(kept)
  while (word.length > maxBrief && kept.length > 0) {
    kept = kept.slice(0, Math.floor(kept.length * 0.8))
    word = packed(kept)
  }
  return `${encodeHistory(history)}.${word}`
}

function memoryIn(word: string): Memory {
  const [history = '', brief = '', kept = ''] = word.split('.')
  return {
    history: decodeHistory(history),
    brief: parseBrief(unpacked(brief)) ?? [],
    kept: kept === '' ? null : parseKept(unpacked(kept)),
  }
}

/** As many changes as have room, from the first on; what people see comes before. */
export function keptWord(report: Report, room: number): string {
  for (let most = report.plan.changes.length; most > 0; most = Math.floor(most * 0.8)) {
    const kept = keptOf(report, most)
    const word = kept === null ? '' : packed(kept)
    if (word.length < room) return word === '' ? '' : `.${word}`
  }
  return ''
}

/** Empty where it is not what was packed. */
function unpacked(word: string): string {
  try {
    return inflateRawSync(Buffer.from(word, 'base64'), {maxOutputLength: 1_000_000}).toString('utf8')
  } catch {
    return ''
  }
}

/** What stands out of sight in our own comment. */
export const memoryOf = async (number: number, {hub}: Reviewing): Promise<Memory> =>
  memoryIn((await hub.stateOf(number, marker)) ?? '')

/** What is remembered of this pull request. */
export interface Known {
  readonly key: string
  /** Whether two runs may end differently. */
  readonly asks: boolean
  readonly history: History
  /** Of this very code under these very rules. */
  readonly earlier: readonly Sample[]
  /** Who opened the gate for this head; null: nobody. */
  readonly opener: string | null
  /** What this run alone said. */
  readonly own: Decision
}

export async function recall(
  {target: {memory, head, into}, config, isAside}: Settled,
  {key, asks}: Pick<Known, 'key' | 'asks'>,
  shared: Reviewing,
): Promise<Known> {
  const about = {key, asks, own: 'error'} as const
  if (isAside || shared.part === 'plan') return {...about, history: noHistory, earlier: [], opener: null}
  const history = memory === null ? noHistory : (await memoryOf(memory, shared)).history
  if (config.gate === 'off') return {...about, history, earlier: [], opener: null}
  const context = contextOf(config.statusContext, into)
  const told = await shared.hub.toldOf(head, context)
  const heads = asks ? headsOf(history, key).filter((each) => each !== head) : []
  const others = await Promise.all(heads.map((each) => shared.hub.toldOf(each, context)))
  const earlier = asks ? samplesIn([...others.flat(), ...told], key) : []
  return {...about, history, earlier, opener: openerIn(told)}
}
