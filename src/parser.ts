/** Entry of a thread that parses: texts in, trees out, nothing else. What it is told comes from this program alone. */
import {parentPort, workerData} from 'node:worker_threads'
import {loadParse} from './adapters/grammars.ts'
import type {Delivery, Order, Start} from './adapters/threads.ts'

export async function serve(): Promise<void> {
  const {languages}: Start = workerData
  const parse = await loadParse(languages)
  const answer = async ({id, texts}: Order): Promise<void> => {
    const delivery: Delivery = {id, trees: await parse(texts)}
    const buffers = delivery.trees.flatMap((tree) => (typeof tree === 'string' ? [] : [tree.nodes.buffer]))
    parentPort?.postMessage(delivery, buffers)
  }
  // what goes wrong ends the thread, and its texts are read elsewhere
  parentPort?.on('message', (order: Order) => void answer(order))
}
