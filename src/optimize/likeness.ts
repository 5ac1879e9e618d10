/** How like texts are, by the words that few of them have. */

/**
 * The cosine of two texts' words, 0…1, each weighed by how rare it is among all texts (Spärck Jones 1972,
 * https://doi.org/10.1108/eb026526): what every text ends with, whoever put it there, makes no two of them alike.
 */
export function likenessAmong(
  texts: readonly ReadonlySet<string>[],
): (a: ReadonlySet<string>, b: ReadonlySet<string>) => number {
  const holding = new Map<string, number>()
  for (const words of texts) for (const word of words) holding.set(word, (holding.get(word) ?? 0) + 1)
  const weightOf = (word: string): number => Math.log((texts.length + 1) / (1 + (holding.get(word) ?? 0))) ** 2
  const weigh = (words: readonly string[]): number => words.reduce((sum, word) => sum + weightOf(word), 0)
  return (a, b) => {
    const whole = Math.sqrt(weigh([...a]) * weigh([...b]))
    return whole === 0 ? 0 : weigh([...a].filter((word) => b.has(word))) / whole
  }
}
