/**
 * Text that somebody else wrote (code under review, a model, a pull request) and the safe forms it may leave in.
 *
 * Every sink takes `Plain` or `Markdown`, and both can only be made here by escaping: forgetting to escape does not compile.
 * All brands of the program are asserted in this file and nowhere else.
 */
declare const brand: unique symbol

/** Text somebody else wrote. Assignable to `string` for pure computation (matching, counting), never to a sink. */
export type Untrusted = string & {readonly [brand]?: 'untrusted'}

/** One or more lines that are safe on a terminal, in a runner log, a status or an output. */
export type Plain = string & {readonly [brand]: 'plain'}

/** Markdown whose every interpolated value was escaped. */
export type Markdown = string & {readonly [brand]: 'markdown'}
