/** ◆ The commands of the command line. A new one is one file beside this and one line here. */
import {apply} from './apply.ts'
import {check} from './check.ts'
import type {Command} from './command.ts'
import {doctor} from './doctor.ts'
import {evaluate} from './evaluate.ts'
import {generate} from './generate.ts'
import {gold} from './gold.ts'
import {init} from './init.ts'
import {optimize} from './optimize.ts'
import {pack} from './pack.ts'
import {plan} from './plan.ts'
import {report} from './report.ts'
import {run} from './run.ts'
import {scan} from './scan.ts'
import {score} from './score.ts'

export const commands = {
  plan,
  generate,
  scan,
  pack,
  run,
  score,
  evaluate,
  optimize,
  gold,
  apply,
  check,
  report,
  init,
  doctor,
} as const satisfies Record<string, Command>
