/**
 * The catalogue of what protects us: each entry takes one mitigation away, and a test must notice.
 *
 * `find` occurs exactly once in `file`, `replace` is put there, and one of `tests` must fail (of those whose name `name` matches,
 * where it is given). `guards` says what is lost. `check` is the acceptance check of issue 4 that the mitigation stands behind:
 * 1 every event has a defined end, 2 moving heads, 3 the policy of the base, 4 injection and secrets, 5 commands to the runner,
 * 6 limits of a comment, 7 faults of GitHub, 8 cancellation, 9 the ledger, 10 outage or refusal, 11 hostile trees, 13 sound
 * workflows, 14 no other host. 12 compares our fake GitHub with another one: there is nothing in the code to take away.
 */
import {actions} from './action.mjs'
import {adapters} from './adapters.mjs'
import {applying} from './apply.mjs'
import {gates} from './gate.mjs'
import {searches} from './optimize.mjs'
import {pipelines} from './pipeline.mjs'
import {requests} from './request.mjs'
import {text} from './text.mjs'
import {verdicts} from './verdict.mjs'

export const mutations = [
  ...text,
  ...requests,
  ...verdicts,
  ...adapters,
  ...gates,
  ...actions,
  ...applying,
  ...pipelines,
  ...searches,
]
