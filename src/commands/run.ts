import {inputEstimateOf, priceOf, usdOf} from '../budget.ts'
import {carryOut, diagnosticsOf, prepare, type Errand} from '../errand.ts'
import {settingOptions} from '../locally.ts'
import {keysOf, makeHost} from '../outside.ts'
import {execute} from '../pipeline/execute.ts'
import {rehearsal, type Question} from '../pipeline/rehearsal.ts'
import type {StepResult} from '../pipeline/step.ts'
import {pricesAt} from '../prices.ts'
import {formatOf, printJson} from '../printing.ts'
import {plainLine} from '../trust.ts'
import {openWorkshop, shownText} from '../workshop.ts'
import type {Command, World} from './command.ts'

const kept = ['--goal', '--max-tokens', '--max-cost-usd', '--include', '--exclude']

export const run: Command = {
  summary: 'run any pipeline on the current directory',
  arguments: [{usage: '<pipeline>', summary: 'a YAML file, or the name of one that ships with the program'}],
  options: [
    ...settingOptions.filter(({flags}) => kept.some((each) => flags.startsWith(each))),
    {flags: '--var <pairs...>', summary: 'values for {{names}} in the pipeline, as k=v'},
    {flags: '--path <path>', summary: 'the code to read; default: the current directory'},
    {flags: '--strict', summary: 'only the canonical spelling, without a mistake'},
    {flags: '--dry-run', summary: 'ask nobody: print what would be asked, and what it may cost'},
    {flags: '--record <file>', summary: 'keep every answer in this file'},
    {flags: '--replay <file>', summary: 'take every answer from this file, and ask nobody'},
    {flags: '--fresh', summary: 'begin anew, also where an earlier run was stopped'},
    {flags: '--allow-shell', summary: 'let the pipeline and its models run commands of the shell'},
    {flags: '--format <format>', summary: 'text: the last result; json: all results', choices: ['text', 'json']},
  ],
  run: async ([name = ''], flags, world) => {
    const format = formatOf(flags)
    const errand = await prepare(name, flags, world)
    if (errand.shop.isRehearsal) return rehearse(errand, format, world)
    const {trace, diagnostics} = await carryOut(errand, flags, world)
    if (format === 'json') {
      printJson(world, {
        results: Object.fromEntries(
          Object.entries(trace.results ?? {}).map(([step, result]) => [step, shapeOf(result)]),
        ),
        usage: trace.usage,
        diagnostics,
      })
    } else world.print(shownText(trace.output))
    return 0
  },
}

const shapeOf = ({text, data, ok, facts}: StepResult): object => ({text, data, ok, ...facts})

async function rehearse({chosen, variables, shop}: Errand, format: string, world: World): Promise<number> {
  const {ask, questions} = rehearsal()
  const host = {...makeHost({keys: keysOf({}), budget: {calls: null, tokens: null, usd: null}, say: world.say}), ask}
  const warn = (message: string): void => world.say(plainLine(`warning: ${message}`))
  const {known, tools} = await openWorkshop({...shop, host, warn})
  const {pipeline} = chosen
  const trace = await execute(pipeline, {...known, ...variables}, tools, {
    nonce: host.nonce(),
    now: host.now,
    clock: Date.now,
  }).catch((thrown: unknown) => {
    // made up answers do not lead everywhere: what would have been asked until there is of use
    if (format !== 'json') for (const each of questions) world.print(shownQuestion(costOf(each)))
    throw thrown
  })
  const asked = questions.map(costOf)
  const usd = asked.reduce<number | null>((sum, each) => (sum === null || each.usd === null ? null : sum + each.usd), 0)
  const notes = diagnosticsOf(pipeline, trace.notes)
  if (format === 'json') printJson(world, {questions: asked, usd, diagnostics: notes})
  else for (const each of asked) world.print(shownQuestion(each))
  for (const {message} of trace.notes) warn(message)
  const tokens = asked.reduce((sum, each) => sum + each.input_tokens, 0)
  world.say(
    plainLine(
      `${asked.length} questions, at most ${tokens} tokens in and ${usd === null ? '? (a model has no known price)' : `$${usd.toFixed(4)}`}; nobody was asked`,
    ),
  )
  return 0
}

interface Costed {
  readonly step: string
  readonly provider: string
  readonly model: string
  readonly system: string
  readonly prompt: string
  readonly input_tokens: number
  readonly max_output_tokens: number
  /** At most; null: the model has no known price. */
  readonly usd: number | null
}

function costOf({step, request}: Question): Costed {
  const {provider, model, system, messages, maxTokens} = request
  const input = inputEstimateOf(request)
  const price = priceOf(pricesAt(Date.now()), model)
  return {
    step,
    provider,
    model,
    system,
    prompt: messages.map(({text}) => text).join('\n\n'),
    input_tokens: input,
    max_output_tokens: maxTokens,
    usd: price === null ? null : usdOf(price, {input_tokens: input, output_tokens: maxTokens}),
  }
}

const shownQuestion = ({
  step,
  provider,
  model,
  system,
  prompt,
  input_tokens: input,
  max_output_tokens: output,
  usd,
}: Costed): string =>
  [
    `## ${step}: ${provider}/${model}, at most ${input} tokens in, ${output} out, ${usd === null ? 'price unknown' : `at most $${usd.toFixed(4)}`}`,
    ...(system === '' ? [] : [`\n[system]\n${system}`]),
    `\n[prompt]\n${prompt}\n`,
  ].join('\n')
