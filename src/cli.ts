import {home} from './adapters/home.ts'
export const command = async (words: readonly string[]): Promise<number> => {
  process.stdout.write(`${home} ${words.join(' ')}\n`)

  return 0
}
