/** What a model may write where, when a change of a plan is carried out. */
const place = {file: 'src/apply/place.ts', tests: ['test/apply/decide.test.ts']}
const decide = {file: 'src/apply/decide.ts', tests: ['test/apply/decide.test.ts']}
const edit = {file: 'src/apply/edit.ts', tests: ['test/apply/decide.test.ts']}
const ground = {file: 'src/apply/ground.ts', tests: ['test/apply/decide.test.ts']}
const exchange = {file: 'src/adapters/exchange.ts', tests: ['test/adapters/exchange.test.ts']}
const commit = {file: 'src/adapters/github.ts', tests: ['test/adapters/github.test.ts'], name: 'a branch for a change'}

export const applying = [
  {
    ...place,
    id: 'apply/inside',
    find: "!isInside(path) || path.startsWith('~')",
    replace: "path.startsWith('~')",
    guards: 'A change writes inside of the code base.',
  },
  {
    ...place,
    id: 'apply/hidden',
    find: "path.split('/').some((part) => part.startsWith('.'))",
    replace: 'false',
    guards: 'Hidden files set tools, which run by themselves: no model writes them.',
  },
  {
    ...place,
    id: 'apply/odd-names',
    find: 'if (odd.test(path))',
    replace: 'if (false)',
    guards: 'A path has no character that hides another one or leads elsewhere.',
  },
  {
    ...place,
    id: 'apply/other-names',
    find: 'otherwiseNamed.test(part)',
    replace: 'false',
    guards: 'A path is the same file on every system.',
  },
  {
    ...place,
    id: 'apply/protected',
    find: 'protectedIn(changed, [...patterns, ...patterns.map(sameFor)]).length > 0',
    replace: 'false',
    guards: 'What decides verdicts is not written.',
  },
  {
    ...decide,
    id: 'apply/named',
    find: "isReached(path, names) ? null : 'is not among the files that the change names'",
    replace: 'null',
    guards: 'Only what the change names is touched.',
  },
  {
    ...decide,
    id: 'apply/all-or-nothing',
    find: 'if (problems.length > 0) return refused(problems)',
    replace: '',
    guards: 'One thing that is refused refuses the whole change.',
  },
  {
    ...decide,
    id: 'apply/unseen',
    find: "if (visible(put) !== put || unseen.test(put.replace(picture, '')))",
    replace: 'if (false)',
    guards: 'Nothing is written that nobody sees.',
  },
  {
    ...decide,
    id: 'apply/case',
    find: 'if (there.path !== prefix)',
    replace: 'if (false)',
    guards: 'A new file does not take the place of one whose name differs in case.',
  },
  {
    ...edit,
    id: 'apply/once',
    find: 'if (text.includes(find, start + 1))',
    replace: 'if (false)',
    guards: 'A passage that stands there twice is not replaced at a place that nobody meant.',
  },
  {
    ...edit,
    id: 'apply/overlap',
    find: "const problems = [...found.flatMap((each) => ('problem' in each ? [each.problem] : [])), ...overlapsIn(spans)]",
    replace: "const problems = found.flatMap((each) => ('problem' in each ? [each.problem] : []))",
    guards: 'Two edits of one place are not both carried out.',
  },
  {
    ...ground,
    id: 'apply/link',
    find: "if (kind !== 'file') return",
    replace: 'if (false) return',
    guards: 'What is written is no link to somewhere else.',
  },
  {
    ...exchange,
    id: 'apply/changed-meanwhile',
    find: 'if (isSame) return',
    replace: 'return',
    guards: 'What changed since it was read is not written over.',
  },
  {
    ...exchange,
    id: 'apply/put-back',
    find: 'attempt(back) || old === null',
    replace: 'back === undefined || old === null',
    guards: 'When one file cannot be written, all are as they were.',
  },
  {
    ...commit,
    id: 'apply/commit-named',
    find: '!isReached(path, within.names) || ',
    replace: '',
    guards: 'A commit holds only what the change names, whoever decided before.',
  },
  {
    ...commit,
    id: 'apply/commit-protected',
    find: ' || refusalOf(path, within.bounds) !== null',
    replace: '',
    guards: 'A commit holds nothing that is protected, whoever decided before.',
  },
  ...[
    ['permission', '!writers.includes(permission)', 'Only maintainers and admins have code written.'],
    ['rerun', 'if (outside.isRerun)', 'A button lends nobody the rights of another.'],
    ['fork', 'if (pull.head.fork)', 'Nothing is made for the head of a fork.'],
    ['plan-of-head', 'if (kept.head !== target.head)', 'A plan of another commit is not carried out.'],
    ['moved', 'if ((await hub.pull(number)).head.sha !== target.head)', 'What was made of an old head is not offered.'],
  ].map(([name, find, guards]) => ({
    file: 'src/offer.ts',
    tests: ['test/acceptance/action.apply.test.ts'],
    id: `apply/offer-${name}`,
    find,
    replace: find.startsWith('if') ? 'if (false)' : 'false',
    guards,
  })),
  {
    file: 'src/commands/apply.ts',
    tests: ['test/acceptance/cli.apply.test.ts'],
    name: 'what must not be changed',
    id: 'apply/not-committed',
    find: 'return sha !== undefined && isBlob(sha, text)',
    replace: 'return true',
    guards: 'Work that nobody has committed is not written over.',
  },
]
