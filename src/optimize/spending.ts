/** One purse for task, reflection and judge: the worst case is taken out before a call, what it did not cost is put back after. */

/** `tokens` are input and output together; `usd` null: nobody knows, and nothing is charged. */
export interface Cost {
  readonly calls: number
  readonly tokens: number
  readonly usd: number | null
}

/** null: no limit. */
export interface Limits {
  readonly calls: number | null
  readonly tokens: number | null
  readonly usd: number | null
}

export const noCost: Cost = {calls: 0, tokens: 0, usd: 0}

export const addCost = (a: Cost, b: Cost): Cost => ({
  calls: a.calls + b.calls,
  tokens: a.tokens + b.tokens,
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
})

export const timesCost = ({calls, tokens, usd}: Cost, times: number): Cost => ({
  calls: calls * times,
  tokens: tokens * times,
  usd: usd === null ? null : usd * times,
})

/** In each currency by itself. */
export const dearer = (a: Cost, b: Cost): Cost => ({
  calls: Math.max(a.calls, b.calls),
  tokens: Math.max(a.tokens, b.tokens),
  usd: a.usd === null || b.usd === null ? null : Math.max(a.usd, b.usd),
})

export interface Purse {
  readonly limits: Limits
  readonly spent: Cost
  /** Taken out and not yet settled. */
  readonly reserved: Cost
}

export const purseOf = (limits: Limits): Purse => ({limits, spent: noCost, reserved: noCost})

/** A sum of prices in floating point may pass its limit by its last digit, which is no cent. */
const crumb = 1e-9

const fits = (limit: number | null, taken: number, next: number): boolean =>
  limit === null || taken + next <= limit + crumb

/** null: the worst case does not fit into what is left. */
export function reserve(purse: Purse, worst: Cost): Purse | null {
  const {limits, spent, reserved} = purse
  const taken = addCost(spent, reserved)
  const isAffordable =
    fits(limits.calls, taken.calls, worst.calls) &&
    fits(limits.tokens, taken.tokens, worst.tokens) &&
    fits(limits.usd, taken.usd ?? 0, worst.usd ?? 0)
  return isAffordable ? {...purse, reserved: addCost(reserved, worst)} : null
}

/** @param worst what was reserved for it */
export const settle = (purse: Purse, worst: Cost, cost: Cost): Purse => ({
  ...purse,
  spent: addCost(purse.spent, cost),
  reserved: addCost(purse.reserved, timesCost(worst, -1)),
})

/** How often this cost fits into what is left; Infinity: nothing limits it. */
export function timesLeft({limits, spent, reserved}: Purse, each: Cost): number {
  const taken = addCost(spent, reserved)
  const times = (limit: number | null, used: number, next: number): number =>
    limit === null || next <= 0 ? Infinity : Math.max(0, Math.floor((limit - used + crumb) / next))
  return Math.min(
    times(limits.calls, taken.calls, each.calls),
    times(limits.tokens, taken.tokens, each.tokens),
    times(limits.usd, taken.usd ?? 0, each.usd ?? 0),
  )
}

/** What one takes of what is limited, measured in the other; 0: no worst case of it is known. */
export function priceIn(limits: Limits, one: Cost, other: Cost): number {
  const ratio = (limit: number | null, of: number, by: number): number => (limit === null || by <= 0 ? 0 : of / by)
  return Math.max(
    ratio(limits.calls, one.calls, other.calls),
    ratio(limits.tokens, one.tokens, other.tokens),
    ratio(limits.usd, one.usd ?? 0, other.usd ?? 0),
  )
}
