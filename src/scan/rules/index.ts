/** Every rule by its name in the catalogue. A new rule is a file and a line here. */
import type {Rule} from '../rule.ts'
import {asyncForEach} from './async-for-each.ts'
import {asyncPromiseExecutor} from './async-promise-executor.ts'
import {blockingInAsync} from './blocking-in-async.ts'
import {blockingInCallback} from './blocking-in-callback.ts'
import {broadCatch} from './broad-catch.ts'
import {broadRescue} from './broad-rescue.ts'
import {deferredReplyNeverSent} from './deferred-reply-never-sent.ts'
import {doubleAssertion} from './double-assertion.ts'
import {dynamicAtom} from './dynamic-atom.ts'
import {dynamicCode} from './dynamic-code.ts'
import {environmentBranch} from './environment-branch.ts'
import {etsCheckThenAct} from './ets-check-then-act.ts'
import {floatingTask} from './floating-task.ts'
import {genserverSelfCall} from './genserver-self-call.ts'
import {godFunction} from './god-function.ts'
import {godModule} from './god-module.ts'
import {infiniteTimeout} from './infinite-timeout.ts'
import {interpolateOpaqueTerm} from './interpolate-opaque-term.ts'
import {lostCause} from './lost-cause.ts'
import {mapUpdateUnknownKey} from './map-update-unknown-key.ts'
import {messageWithoutHandler} from './message-without-handler.ts'
import {missingHandleInfoCatchall} from './missing-handle-info-catchall.ts'
import {monitorLeak} from './monitor-leak.ts'
import {mutableDefault} from './mutable-default.ts'
import {processDictionary} from './process-dictionary.ts'
import {rawSend} from './raw-send.ts'
import {requestWithoutTimeout} from './request-without-timeout.ts'
import {rescueCannotCatchExit} from './rescue-cannot-catch-exit.ts'
import {shellInjection} from './shell-injection.ts'
import {sleepAsSynchronisation} from './sleep-as-synchronisation.ts'
import {sqlInjection} from './sql-injection.ts'
import {supervisorChildDrift} from './supervisor-child-drift.ts'
import {swallowedError} from './swallowed-error.ts'
import {swallowedException} from './swallowed-exception.ts'
import {taskResultWithoutClause} from './task-result-without-clause.ts'
import {telemetryControlFlow} from './telemetry-control-flow.ts'
import {throwLiteral} from './throw-literal.ts'
import {unclosedFile} from './unclosed-file.ts'
import {unreachableClause} from './unreachable-clause.ts'
import {unsafeDeserialisation} from './unsafe-deserialisation.ts'
import {unsupervisedSpawn} from './unsupervised-spawn.ts'
import {unsupervisedTask} from './unsupervised-task.ts'

export const rules = {
  'async-for-each': asyncForEach,
  'async-promise-executor': asyncPromiseExecutor,
  'blocking-in-async': blockingInAsync,
  'blocking-in-callback': blockingInCallback,
  'broad-catch': broadCatch,
  'broad-rescue': broadRescue,
  'deferred-reply-never-sent': deferredReplyNeverSent,
  'double-assertion': doubleAssertion,
  'dynamic-atom': dynamicAtom,
  'dynamic-code': dynamicCode,
  'environment-branch': environmentBranch,
  'ets-check-then-act': etsCheckThenAct,
  'floating-task': floatingTask,
  'genserver-self-call': genserverSelfCall,
  'god-function': godFunction,
  'god-module': godModule,
  'infinite-timeout': infiniteTimeout,
  'interpolate-opaque-term': interpolateOpaqueTerm,
  'lost-cause': lostCause,
  'map-update-unknown-key': mapUpdateUnknownKey,
  'message-without-handler': messageWithoutHandler,
  'missing-handle-info-catchall': missingHandleInfoCatchall,
  'monitor-leak': monitorLeak,
  'mutable-default': mutableDefault,
  'process-dictionary': processDictionary,
  'raw-send': rawSend,
  'request-without-timeout': requestWithoutTimeout,
  'rescue-cannot-catch-exit': rescueCannotCatchExit,
  'shell-injection': shellInjection,
  'sleep-as-synchronisation': sleepAsSynchronisation,
  'sql-injection': sqlInjection,
  'supervisor-child-drift': supervisorChildDrift,
  'swallowed-error': swallowedError,
  'swallowed-exception': swallowedException,
  'task-result-without-clause': taskResultWithoutClause,
  'telemetry-control-flow': telemetryControlFlow,
  'throw-literal': throwLiteral,
  'unclosed-file': unclosedFile,
  'unreachable-clause': unreachableClause,
  'unsafe-deserialisation': unsafeDeserialisation,
  'unsupervised-spawn': unsupervisedSpawn,
  'unsupervised-task': unsupervisedTask,
} as const satisfies Readonly<Record<string, Rule>>
