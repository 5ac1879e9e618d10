/** Work at the same time, but never more than so much of it. */

/**
 * The results in the order of the items. Once one fails no other begins; those that run are waited for, since they may be paid for,
 * and the first failure is thrown.
 *
 * @param atOnce at least 1
 */
export async function pooled<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const failures: unknown[] = []
  const queue = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return
      try {
        results[index] = await work(item, index)
      } catch (thrown) {
        failures.push(thrown)
      }
    }
  }
  await Promise.all(Array.from({length: Math.min(items.length, Math.max(1, Math.floor(atOnce)))}, worker))
  if (failures.length > 0) throw failures[0]
  return results
}
