/**
 * A pure function of a value that nobody changes, worked out once for as long as somebody holds the value. A run asks for one
 * matching up to five times, and a benchmark scores thousands of plans against one gold standard.
 */
export function remembered<Value extends object, Result>(work: (value: Value) => Result): (value: Value) => Result {
  const known = new WeakMap<Value, {readonly result: Result}>()
  return (value) => {
    const before = known.get(value)
    if (before !== undefined) return before.result
    const result = work(value)
    known.set(value, {result})
    return result
  }
}
