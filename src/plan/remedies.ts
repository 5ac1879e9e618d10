/**
 * What the offline planner knows about each category: how to repair it, when, and after what. Words for people, not prompts.
 *
 * Order of the phases: first what crashes and masks everything else, then owners, then the data they own, then honest
 * failures (earlier they would surface all suppressed crashes at once), then throughput, structure and tests.
 */
import type {Change} from './plan.ts'
import type {Severity} from '../scan/finding.ts'

export interface Remedy {
  /** One of `phases`. */
  readonly phase: number
  /** Related categories are repaired in one change when they stand in one file. */
  readonly family: string
  readonly title: string
  readonly how: string
  readonly risk: NonNullable<Change['risk']>
  /** For one or two places; more places cost more. */
  readonly effort: NonNullable<Change['effort']>
  /** Categories whose repair must come first when they stand in the same file. */
  readonly after?: readonly string[]
  /** Categories whose repair must come first wherever they stand: an owner has to run before anything relies on it. */
  readonly afterAnywhere?: readonly string[]
}

/** Titles of the phases 1…7. */
export const phases = [
  'Stop crashes and close holes',
  'Give every process an owner',
  'Protect data',
  'Make failures honest',
  'Throughput and coupling',
  'Structure',
  'Tests and gates',
] as const

const remedy = (
  phase: number,
  family: string,
  [risk, effort]: readonly [Remedy['risk'], Remedy['effort']],
  title: string,
  how: string,
  order: Pick<Remedy, 'after' | 'afterAnywhere'> = {},
): Remedy => ({phase, family, title, how, risk, effort, ...order})

const crashes = [
  'genserver-self-call',
  'map-update-unknown-key',
  'interpolate-opaque-term',
  'deferred-reply-never-sent',
  'message-without-handler',
  'task-result-without-clause',
  'unreachable-clause',
] as const

const crashRemedies = {
  'genserver-self-call': remedy(
    1,
    'self-call',
    ['low', 'S'],
    'Stop the server from calling itself',
    'Move the body of the client function into a private function that takes the state, and call that one from callbacks.',
  ),
  'map-update-unknown-key': remedy(
    1,
    'state-shape',
    ['low', 'S'],
    'Give the state every key it updates',
    'Add the key where init builds the state; better, define the state as a struct with enforced keys.',
  ),
  'interpolate-opaque-term': remedy(
    1,
    'messages',
    ['low', 'S'],
    'Inspect terms that have no text form',
    'Wrap the interpolated pid, reference, tuple or map in inspect/1.',
  ),
  'deferred-reply-never-sent': remedy(
    1,
    'replies',
    ['medium', 'S'],
    'Answer every deferred caller',
    'Reply with GenServer.reply/2 from the clause that completes the work, and from the failure, :DOWN and timeout clauses.',
  ),
  'message-without-handler': remedy(
    1,
    'replies',
    ['low', 'S'],
    'Handle the message that is sent',
    'Add a clause of that tag and arity to the receiving callback, or send it with the verb that the callback expects.',
  ),
  'task-result-without-clause': remedy(
    1,
    'replies',
    ['low', 'S'],
    'Receive the results of tasks',
    'Add handle_info clauses for {ref, result}, with Process.demonitor(ref, [:flush]), and for {:DOWN, ref, …}; or let the client start the task.',
  ),
  'unreachable-clause': remedy(
    1,
    'clauses',
    ['low', 'S'],
    'Order clauses from special to general',
    'Move the general clause below the special ones it hides.',
  ),
} as const satisfies Record<string, Remedy>

const ownerRemedies = {
  'supervisor-child-drift': remedy(
    2,
    'supervision-tree',
    ['medium', 'M'],
    'Start every named process from one child list',
    'Keep one function that returns the child list, use it everywhere, and start every server that callers address by name.',
  ),
  'supervision-strategy': remedy(
    2,
    'supervision-tree',
    ['medium', 'S'],
    'Restart dependent processes together',
    'Use :rest_for_one in dependency order, or a supervisor of its own for the group that belongs together.',
    {after: ['supervisor-child-drift']},
  ),
  'unsupervised-start-link': remedy(
    2,
    'unsupervised',
    ['medium', 'M'],
    'Put long-lived processes under a supervisor',
    'Start it as a child of a DynamicSupervisor or PartitionSupervisor with an explicit restart value.',
  ),
  'unsupervised-spawn': remedy(
    2,
    'unsupervised',
    ['medium', 'S'],
    'Supervise spawned processes',
    'Use Task.Supervisor.start_child/2 for fire-and-forget, async_nolink for a result, a child spec for a loop.',
  ),
  'unsupervised-task': remedy(
    2,
    'unsupervised',
    ['medium', 'S'],
    'Run tasks under a Task.Supervisor',
    'Use Task.Supervisor.async_nolink/3 with clauses for {ref, result} and :DOWN, or start_child/2 when nobody waits for the result.',
  ),
  'trap-exit-without-clause': remedy(
    2,
    'exits',
    ['low', 'S'],
    'Handle the exits that are trapped',
    'Add an {:EXIT, pid, reason} clause that removes or restarts the child, or do not link.',
  ),
  'terminate-without-trap-exit': remedy(
    2,
    'exits',
    ['low', 'S'],
    'Let the clean-up run at shutdown',
    'Trap exits (and handle :EXIT), or move the clean-up to a process that monitors this one.',
  ),
  'monitor-leak': remedy(
    2,
    'monitors',
    ['low', 'S'],
    'Remove monitors that are no longer needed',
    'Keep pid => ref in the state, monitor only when it is absent, and call Process.demonitor(ref, [:flush]) on removal.',
  ),
  'stale-pid-cache': remedy(
    2,
    'monitors',
    ['medium', 'S'],
    'Forget processes that are gone',
    'Monitor the stored pid and remove it on :DOWN, or store the registered name and look it up at each use.',
  ),
} as const satisfies Record<string, Remedy>

const dataRemedies = {
  'ets-ownership': remedy(
    3,
    'ets',
    ['medium', 'M'],
    'Give the table an owner that outlives its users',
    'Create the table in a small owner process or in the supervisor; give an heir when its contents must survive.',
    {afterAnywhere: ['supervisor-child-drift']},
  ),
  'ets-check-then-act': remedy(
    5,
    'ets-race',
    ['medium', 'S'],
    'Make the table update one operation',
    'Use update_counter/4, insert_new/2 or select_delete/2, or let a single process write.',
    {after: ['ets-ownership']},
  ),
  'volatile-state': remedy(
    3,
    'persistence',
    ['high', 'L'],
    'Keep work in progress outside the process',
    'Write through to a table or store that a supervised owner holds, reload in handle_continue, and make consumers idempotent. Write migration and reload together.',
    {afterAnywhere: ['supervisor-child-drift', 'ets-ownership']},
  ),
  'state-dropped-on-error': remedy(
    3,
    'state-flow',
    ['medium', 'S'],
    'Return the newest state from every branch',
    'Thread the accumulator through, and roll back or return the newest state on the error path.',
  ),
  'unbounded-state': remedy(
    3,
    'growth',
    ['low', 'M'],
    'Bound what only grows',
    'Cap the collection, sweep it by age, and remove entries on :DOWN.',
  ),
  'process-dictionary': remedy(
    6,
    'process-dictionary',
    ['medium', 'M'],
    'Replace the process dictionary',
    'Pass the value as an argument, or keep it in server state, ETS or a Registry.',
    {afterAnywhere: ['supervisor-child-drift']},
  ),
} as const satisfies Record<string, Remedy>

const failureRemedies = {
  'rescue-cannot-catch-exit': remedy(
    4,
    'error-handling',
    ['medium', 'S'],
    'Catch the exit, not an exception',
    'Catch :exit with {:timeout, _} or {:noproc, _} specifically, or let the caller crash.',
    {after: crashes},
  ),
  'broad-rescue': remedy(
    4,
    'error-handling',
    ['medium', 'S'],
    'Rescue named exceptions only',
    'Name the exceptions, let the others crash, and log with the stacktrace.',
    {after: crashes},
  ),
  'broad-catch': remedy(
    4,
    'error-handling',
    ['medium', 'S'],
    'Catch specific exits only',
    'Match :exit with {:noproc, _}, {:timeout, _} … in separate clauses, and raise the rest again.',
    {after: crashes},
  ),
  'fail-open': remedy(
    4,
    'error-handling',
    ['medium', 'S'],
    'Fail closed',
    'Return the error from the failure path, and tell "absent" from "failed".',
    {after: crashes},
  ),
  'missing-handle-info-catchall': remedy(
    4,
    'handle-info',
    ['low', 'S'],
    'Survive stray messages',
    'Add a last handle_info clause that logs the message and keeps the state.',
    {after: ['message-without-handler', 'task-result-without-clause']},
  ),
} as const satisfies Record<string, Remedy>

const flowRemedies = {
  'blocking-in-callback': remedy(
    5,
    'blocking',
    ['medium', 'M'],
    'Move slow work out of the callback',
    'Run it in a supervised task and reply when it is done, or let the caller do the work.',
    {afterAnywhere: ['supervisor-child-drift']},
  ),
  'infinite-timeout': remedy(
    5,
    'timeouts',
    ['low', 'S'],
    'Give every call a deadline',
    'Pass an explicit deadline down and reduce it at each hop.',
  ),
  'raw-send': remedy(
    5,
    'messaging',
    ['medium', 'M'],
    'Put a client function around the message',
    'Use call where an answer or back-pressure is needed, cast otherwise, and a monitor for liveness.',
    {after: ['blocking-in-callback', 'message-without-handler']},
  ),
  'telemetry-control-flow': remedy(
    5,
    'telemetry',
    ['medium', 'M'],
    'Take control flow out of telemetry handlers',
    'Use a Registry, PubSub or a direct call for control; emit telemetry after the fact and detach the handler in terminate.',
  ),
  'alive-check-race': remedy(
    5,
    'liveness',
    ['low', 'S'],
    'Act instead of asking whether it is alive',
    'Act and handle the :noproc exit, or monitor first.',
  ),
  'process-as-code-organisation': remedy(
    5,
    'serialised',
    ['medium', 'M'],
    'Replace the process by functions',
    'Make it a plain module, or let readers use a table that the process writes.',
  ),
  'large-message-copy': remedy(
    5,
    'copies',
    ['low', 'S'],
    'Send less',
    'Bind what the closure needs before creating it, and send a key or a binary instead of the whole term.',
  ),
  'timer-ref-dropped': remedy(
    5,
    'timers',
    ['low', 'S'],
    'Keep the timer reference',
    'Store it, cancel it before arming again, or tag the message with a generation.',
  ),
  'dynamic-atom': remedy(
    5,
    'atoms',
    ['low', 'S'],
    'Do not create atoms from input',
    'Use strings as keys, an explicit mapping, String.to_existing_atom/1, or a Registry for names.',
  ),
} as const satisfies Record<string, Remedy>

const shapeRemedies = {
  'god-module': remedy(
    6,
    'size',
    ['high', 'L'],
    'Split the module behind a facade',
    'Extract the pure core first, then one owner for each group of state keys; keep the old module as a facade that delegates, behaviour unchanged.',
    {after: ['volatile-state', 'blocking-in-callback']},
  ),
  'god-process': remedy(
    6,
    'size',
    ['high', 'L'],
    'Split the process behind a facade',
    'Extract the pure core first, then one owner for each group of state keys; keep the old module as a facade that delegates, behaviour unchanged.',
    {after: ['volatile-state', 'blocking-in-callback']},
  ),
  'scattered-process-interface': remedy(
    6,
    'interface',
    ['low', 'M'],
    'Talk to the server through its own module',
    'Add client functions to the module of the server and call those from outside.',
  ),
  'environment-branch': remedy(
    6,
    'configuration',
    ['low', 'S'],
    'Inject what depends on the environment',
    'Pass it as an option from the supervisor; use Application.compile_env where it is truly static.',
  ),
  'sleep-as-synchronisation': remedy(
    7,
    'sleeps',
    ['low', 'S'],
    'Wait for the event, not for the clock',
    'In tests use assert_receive, monitors or start_supervised; in the library send_after or a deferred reply.',
  ),
  'sleep-in-lib': remedy(
    5,
    'sleeps',
    ['medium', 'S'],
    'Do not sleep in production code',
    'Use Process.send_after/3 or a deferred reply.',
  ),
  'test-sleep': remedy(
    7,
    'sleeps',
    ['low', 'S'],
    'Wait for the event, not for the clock',
    'Use assert_receive, monitors, telemetry events or start_supervised in place of the sleep.',
  ),
} as const satisfies Record<string, Remedy>

/** What is not Elixir's own: TypeScript, JavaScript and Python. */
const commonRemedies = {
  'sql-injection': remedy(
    1,
    'injection',
    ['low', 'S'],
    'Bind values as parameters of the query',
    'Keep the text of the query constant and hand the values over as its parameters; choose names of tables and columns from a fixed list.',
  ),
  'shell-injection': remedy(
    1,
    'injection',
    ['low', 'S'],
    'Start the program without a shell',
    'Pass the program and its arguments as a list, with no shell in between.',
  ),
  'dynamic-code': remedy(
    1,
    'injection',
    ['medium', 'M'],
    'Do not run text as code',
    'Replace it by a table of the operations that are allowed, or by a parser for the data.',
  ),
  'unsafe-deserialisation': remedy(
    1,
    'injection',
    ['low', 'S'],
    'Load data with a loader that builds only data',
    'Use the safe loader (yaml.safe_load), or JSON.',
  ),
  'async-for-each': remedy(
    2,
    'unawaited',
    ['medium', 'S'],
    'Wait for every step of the loop',
    'Use a for…of loop with await where order matters, Promise.all over map where it does not; bound how many run at once.',
  ),
  'async-promise-executor': remedy(
    2,
    'unawaited',
    ['medium', 'S'],
    'Let errors of the executor reach the caller',
    'Make the function async and await inside it, without a Promise constructor around it.',
  ),
  'floating-task': remedy(
    2,
    'unawaited',
    ['medium', 'S'],
    'Hold and await every task',
    'Keep the task in a TaskGroup, or in a set that a done callback clears, and look at its result.',
  ),
  'unclosed-file': remedy(
    2,
    'resources',
    ['low', 'S'],
    'Close what is opened',
    'Open it in a with statement, or use read_text of pathlib.',
  ),
  'mutable-default': remedy(
    3,
    'shared-state',
    ['low', 'S'],
    'Make a new value for each call',
    'Use None as the default and make the list, dict or set inside the function.',
  ),
  'swallowed-error': remedy(
    4,
    'error-handling',
    ['medium', 'S'],
    'Do not swallow errors',
    'Handle the error that is expected by its type and throw the others again; where nothing is to be done, say why.',
  ),
  'swallowed-exception': remedy(
    4,
    'error-handling',
    ['medium', 'S'],
    'Catch only the exceptions that are expected',
    'Name the exception types, keep the block small, and log or raise what is left.',
  ),
  'lost-cause': remedy(
    4,
    'error-handling',
    ['low', 'S'],
    'Keep the cause of an error',
    'Pass the caught error on as the cause of the new one.',
  ),
  'throw-literal': remedy(
    4,
    'error-handling',
    ['low', 'S'],
    'Throw errors only',
    'Throw an Error, or a class of it, so that there is a stack and a message.',
  ),
  'blocking-in-async': remedy(
    5,
    'blocking',
    ['medium', 'M'],
    'Do not block the event loop',
    'Use the asynchronous form of the call, or run it in a thread (asyncio.to_thread).',
  ),
  'request-without-timeout': remedy(
    5,
    'timeouts',
    ['low', 'S'],
    'Give every request a deadline',
    'Pass an explicit timeout and handle its error where the request is made.',
  ),
  'double-assertion': remedy(
    6,
    'types',
    ['low', 'S'],
    'Check the value instead of asserting its type',
    'Narrow it by a check or a schema at the border where it enters, and drop the assertion.',
  ),
  'god-function': remedy(
    6,
    'size',
    ['medium', 'M'],
    'Split the function',
    'Name its steps and move each into a function of its own; pure computation first, effects last.',
    {after: ['swallowed-error', 'swallowed-exception', 'broad-rescue', 'broad-catch']},
  ),
} as const satisfies Record<string, Remedy>

const table: ReadonlyMap<string, Remedy> = new Map<string, Remedy>(
  Object.entries({
    ...crashRemedies,
    ...ownerRemedies,
    ...dataRemedies,
    ...failureRemedies,
    ...flowRemedies,
    ...shapeRemedies,
    ...commonRemedies,
  }),
)

export const knownCategories: readonly string[] = [...table.keys()]

const phaseBySeverity = {critical: 1, high: 4, medium: 5, low: 6} as const satisfies Record<Severity, number>

/** The remedy of a category; an unknown one takes its place in the order from its severity. */
export const remedyOf = (category: string, severity: Severity): Remedy =>
  table.get(category) ?? {
    phase: phaseBySeverity[severity],
    family: category,
    title: `Repair ${category.replaceAll('-', ' ')}`,
    how: 'Remove the cause that each finding describes and leave behaviour otherwise unchanged.',
    risk: severity === 'low' ? 'low' : 'medium',
    effort: 'M',
  }
