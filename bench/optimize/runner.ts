/** One optimizer after the other in one world after the other, on a server of their own and with the words of the product. */
import {Failure} from '../../src/errors.ts'
import {choosePipeline} from '../../src/outside.ts'
import {reflect, type Reflectors} from '../../src/optimize/reflection.ts'
import type {Question} from '../../src/optimize/search.ts'
import type {ModelRequest} from '../../src/provider.ts'
import {fight, type Fight, type Outcome} from './arena.ts'
import {axIn, fightAx, type AxFight} from './peers.ts'
import {startSimulator} from './server.ts'

export {optimizerNames} from '../../src/optimize/optimizers/index.ts'
export {clopperPearson, pairedOf, summaryOf} from './statistics.ts'
export {axIn, peer} from './peers.ts'

export interface Task extends Omit<Fight, 'baseUrl' | 'render' | 'onStory'> {
  /** As arena.ts names them, or `ax-gepa`, `ax-gepa-default`, `ax-bootstrap`. */
  readonly optimizer: string
}

export interface Runner {
  /** null: the optimizer refuses such a world, or such a budget. */
  readonly run: (task: Task) => Promise<Outcome | null>
  readonly close: () => Promise<void>
}

const axMethods: Readonly<Record<string, AxFight['method']>> = {
  'ax-gepa': 'gepa',
  'ax-gepa-default': 'gepa-default',
  'ax-bootstrap': 'bootstrap',
}

/** @param tools the folder that ax was installed in */
export async function startRunner(tools: string): Promise<Runner> {
  const [simulator, ax, render] = await Promise.all([startSimulator(), axIn(tools), renderer()])
  return {
    run: async ({optimizer, ...task}) => {
      const method = axMethods[optimizer]
      if (method !== undefined && ax !== null) return fightAx({...task, ax, method, baseUrl: simulator.url})
      try {
        return await fight({...task, optimizer, baseUrl: simulator.url, render})
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.code === 'budget-too-small') return null
        throw thrown
      }
    },
    close: simulator.close,
  }
}

/** The same secret every time, as the server's answers follow from all that it is asked. */
const nonce = 'simulated'

/** What the product asks its own model, as one text. */
export async function renderer(): Promise<(question: Question) => Promise<string>> {
  const keys = {claude: null, gemini: null, openai: null}
  const options = {inputs: ['words', 'evidence', 'tried', 'most']}
  const [rules, rewrite] = await Promise.all([
    choosePipeline('reflect', keys, async () => null, options),
    choosePipeline('rewrite', keys, async () => null, options),
  ])
  const reflectors: Reflectors = {rules: rules.pipeline, rewrite: rewrite.pipeline}
  return async (question) => {
    const asked: ModelRequest[] = []
    const surroundings = {nonce, now: () => 0, signal: undefined}
    await reflect(
      reflectors,
      question,
      async (request) => {
        asked.push(request)
        return {
          text: '-',
          stopped: 'end',
          model: request.model,
          usage: {calls: 0, input_tokens: 0, output_tokens: 0, usd: 0},
        }
      },
      surroundings,
    )
    return asked.flatMap(({system, messages}) => [system, ...messages.map(({text}) => text)]).join('\n\n')
  }
}
