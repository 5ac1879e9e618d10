/**
 * Words that reviewers of code use for one thing. Two who found the same defect share its place and rarely its words: on
 * independent plans for one gold standard only a third of the true pairs shared enough of them (docs/scoring.md).
 */
const groups = `
answer reply response respond acknowledge acknowledgement hear
caller client requester consumer requestor
lose lost loss vanish disappear gone forget forgotten evaporate discard
persist persistence durable durability survive survival stored saved disk
restart replace replaced respawn reboot redeploy relaunch
crash die death dead terminate termination killed exit abort
block wait stall hang stuck freeze frozen unresponsive idle
slow latency sluggish lag delayed delay
timeout deadline timed expire expiry
leak grow growth unbounded accumulate pile unlimited endless swell
release free cleanup close dispose unsubscribe demonitor deregister evict
swallow swallowed ignore hide hidden mask suppress silence silent silently unnoticed invisible
fail failure failed unsuccessful declined refused error fault broken
exception raise throw thrown rescue catch caught except
race concurrent concurrency parallel simultaneous simultaneously interleave overlap racing unsynchronised unsynchronized
atomic transaction transactional indivisible
lock mutex latch serialise serialize
duplicate twice double again repeated repeat resend
retry reattempt redelivery redeliver
inject injection concatenate interpolate paste splice escape unescaped sanitise sanitize
supervise supervised supervisor supervision unsupervised unlinked orphan orphaned unowned
spawn launch start detach detached
owner ownership belong owned
monitor watch watched watching observe
subscribe subscription listener handler callback hook
mailbox inbox queue backlog
message mail letter notification signal
global shared common module-level singleton
mutable mutate mutation modify overwrite overwritten clobber
stale outdated old obsolete cached cache
cast coerce assertion assert unchecked
validate validation check checked verify verified
secret password credential token key
path traversal directory folder filename file
money cent cents amount price currency
round rounding rounded float floating decimal precision imprecise
clock time wall monotonic drift
order sequence ordering sequentially
import dependency depend cycle circular
complex complexity long huge monolithic sprawling tangled god oversized everything concerns
copy duplicated duplication copied cloned
open permissive allow allows admitted grants
deny reject refuse block-list
user customer buyer shopper person
payment charge pay paid billing
request call invocation
memory ram heap
table ets map dictionary
goroutine thread task process worker job
connection socket session pool
await awaited unawaited promise future
cancel cancellation cancelled abandon context
log logged logging trace
config configuration setting environment variable
test spec coverage untested
document comment docs docstring
parse parser parsing malformed invalid
compare comparison equality equal
hash digest signature hmac checksum
compare comparison compared equal equality
constant timing side-channel duration
identifier id ids key
shadow shadowed inner outer hides
append alias aliased aliasing capacity backing
pressure backpressure overload capacity flood burst
daylight saving dst midnight summer
listener server port door socket
header headers
request intake ingress
random guessable predictable
delete remove drop purge
limit limiter throttle quota rate
default fallback
partial partially half incomplete midway
loop iteration iterate
empty nothing none blank nil null
`

/** By word as it is written: the first of its group. */
export const synonyms: ReadonlyMap<string, string> = new Map(
  groups
    .trim()
    .split('\n')
    .flatMap((group) => {
      const [first = '', ...others] = group.split(' ')
      return [first, ...others].map((word) => [word, first] as const)
    }),
)
