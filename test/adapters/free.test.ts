/** A server of one's own costs nothing, whatever a model of that name costs elsewhere. */
import {expect, test} from 'vitest'
import {makeHost} from '../../src/adapters/models.ts'
import {startModels} from '../fixtures/models.ts'

test.each([
  ['without a key it is free, and the budget is not touched', '', 0],
  ['with a key nobody knows the price', 'k', null],
])('%s', async (_, apiKey, usd) => {
  const models = await startModels('yes')
  const keys = {claude: null, gemini: null, openai: {apiKey, baseUrl: models.openaiUrl}}
  const budget = {calls: null, tokens: null, usd: apiKey === '' ? 0.000001 : 5}
  const {ask} = makeHost({keys, budget, say: () => {}})
  const message = {role: 'user' as const, text: 'Hello?'}
  const request = {
    provider: 'openai',
    model: 'local',
    system: '',
    messages: [message],
    maxTokens: 50,
    temperature: null,
    schema: null,
  }
  expect((await ask(request)).usage.usd).toBe(usd)
  await models.close()
})
