/** Categories that mean the same thing to different people: one table of families (scoring research §3.4, otp catalogue). */

const families = {
  leak: 'leak memory unbounded-mailbox unbounded-queue unbounded-memory missing-close missing-cleanup event-listener-leak timer-leak process-leak unreleased-lock memory-leak monitor-leak resource-leak unclosed-file unbounded-state unbounded-cache unbounded-growth timer-ref-dropped large-message-copy listener-leak handle-leak file-leak connection-leak',
  race: 'race time-of-check-time-of-use non-atomic-update read-modify-write async-race race-condition concurrency atomicity deadlock ets-check-then-act check-then-act toctou alive-check-race stale-pid-cache lost-update missing-lock thread-safety data-race non-atomic',
  errors:
    'error-handling exception-handling error-swallowed silent-catch empty-catch catch-all rescue-all overbroad-rescue overbroad-catch exceptions rescue broad-rescue broad-catch broad-except bare-except swallowed-error swallowed-exception rescue-cannot-catch-exit fail-open lost-cause silent-failure error-swallowing ignored-error state-dropped-on-error throw-literal',
  process:
    'supervision missing-supervision orphan-process supervisor-strategy supervision-tree unlinked-process process lifecycle process-lifecycle unsupervised-spawn unsupervised-task unsupervised-start-link unsupervised-process supervision-strategy supervisor-child-drift trap-exit-without-clause terminate-without-trap-exit volatile-state ets-ownership',
  messaging:
    'messaging communication raw-send message-without-handler deferred-reply-never-sent genserver-self-call self-call missing-handle-info-catchall scattered-process-interface task-result-without-clause',
  blocking:
    'blocking performance latency blocking-in-callback blocking-in-async blocking-call infinite-timeout missing-timeout request-without-timeout timeout sleep-as-synchronisation blocking-sleep',
  promises:
    'floating-promise unhandled-rejection unhandled-promise missing-catch fire-and-forget unawaited-promise async-for-each async-promise-executor floating-task missing-await async-misuse',
  injection:
    'injection unsafe-deserialization insecure-deserialization pickle eval os-command-injection xss hardcoded-secret hardcoded-credential secret-in-code ssrf security sql-injection shell-injection command-injection dynamic-code code-injection unsafe-deserialisation path-traversal template-injection unsafe-eval',
  shape:
    'complexity high-complexity cyclomatic-complexity god-object single-responsibility long-method large-class mixed-responsibilities separation-of-concerns design structure architecture dead-abstraction srp god-module god-function god-process god-class long-function process-as-code-organisation large-module maintainability duplication duplicated-logic duplicate-code duplicated-rounding import-cycle circular-dependency coupling hidden-coupling',
  state:
    'hidden-state global-state shared-mutable-state process-dictionary mutable-default mutable-default-argument module-state mutable-global',
  types:
    'typing type-safety double-assertion any-cast unsafe-cast map-update-unknown-key interpolate-opaque-term unreachable-clause dead-code dynamic-atom correctness',
  observability: 'observability telemetry telemetry-control-flow logging metrics',
  configuration: 'configuration environment-branch environment tooling lint ci config hardcoded-config',
  money: 'money float-money precision rounding floating-point-money money-as-float',
  retry: 'retry non-idempotent-retry missing-idempotency idempotency unsafe-retry duplicate-side-effect',
  time: 'time clock wall-clock wall-clock-duration monotonic-clock',
  testing: 'testability flaky-test test-coverage tests test-quality missing-tests',
  persistence: 'persistence durability data-loss transaction missing-transaction volatile-state',
  secrecy:
    'timing-attack side-channel weak-crypto weak-hash weak-random insecure-random predictable-token information-leak',
} as const satisfies Record<string, string>

/** What a single word of a category says, where nobody listed the whole: reviewers make names up. */
const words = {
  leak: 'leak leaks leaked unclosed unreleased growth unbounded overload backpressure memory accumulation descriptor descriptors',
  race: 'race races racy concurrency concurrent atomic atomicity toctou deadlock unsynchronised unsynchronized synchronisation synchronization locking lock overselling interleaving',
  errors:
    'error errors exception exceptions rescue catch swallowed swallowing masked masking silent ignored failure failures suppressed unhandled uncaught',
  process: 'supervision supervisor supervised orphan unlinked restart lifecycle process processes spawn',
  messaging: 'message messages messaging reply replies response protocol',
  blocking:
    'blocking blocked latency slow timeout timeouts stall stalled stuck hang hanging deadline slowloris unresponsive',
  promises: 'promise promises await async unawaited floating',
  injection:
    'injection sql xss traversal escape deserialisation deserialization pickle eval shell ssrf secret secrets credential credentials unsanitised unsanitized',
  shape:
    'complexity complex god oversized long large monolith srp responsibilities cohesion coupling duplication duplicated maintainability readability',
  state: 'global state mutable aliasing alias shared dictionary implicit ambient',
  types: 'typing types cast any assertion',
  observability: 'telemetry logging metrics tracing observability',
  configuration: 'configuration config environment',
  money: 'money rounding float floating precision cents currency',
  retry: 'retry retries idempotency idempotent duplicate duplicates twice',
  time: 'time clock dst timezone monotonic wallclock daylight midnight',
  testing: 'test tests testing flaky coverage',
  persistence: 'persistence persistent durability durable transaction transactions transactional unsaved',
  secrecy: 'timing side-channel digest hmac signature crypto',
} as const satisfies Record<keyof typeof families, string>

const namesBy = (table: Readonly<Record<string, string>>): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  for (const [family, names] of Object.entries(table)) {
    for (const name of names.split(' ')) found.set(name, (found.get(name) ?? new Set<string>()).add(family))
  }
  return found
}

const byCategory = namesBy(families)
const byWord = namesBy(words)

/** A name that speaks of more families than this is no name: it would be like every category. */
const maxFamilies = 2

/** The families of a category; the category itself where nobody knows it, or where it names everything. */
export function familiesOf(category: string): ReadonlySet<string> {
  const known = byCategory.get(category)
  if (known !== undefined) return known
  const told = new Set(
    category
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .flatMap((word) => [...(byWord.get(word) ?? [])]),
  )
  return told.size === 0 || told.size > maxFamilies ? new Set([category]) : told
}

export function isSameFamily(a: string, b: string): boolean {
  if (a === b) return true
  const other = familiesOf(b)
  return [...familiesOf(a)].some((family) => other.has(family))
}
