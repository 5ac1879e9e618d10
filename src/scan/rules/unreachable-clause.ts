import {blockOf, keywordOf, localName, sectionOf, stabsOf} from '../elixir/block.ts'
import {isQuoted, type Clause, type Module} from '../elixir/module.ts'
import {subsumes} from '../elixir/pattern.ts'
import {placeOf, type Hit, type Rule} from '../rule.ts'
import {textOf, walk, type Syntax} from '../syntax.ts'

interface Matched {
  readonly node: Syntax
  readonly patterns: readonly Syntax[]
  readonly guard: Syntax | null
}

/** Each clause that an earlier one without a guard shadows. */
const shadowed = (clauses: readonly Matched[]): readonly (readonly [Matched, Matched])[] =>
  clauses.flatMap((special, at) => {
    const general = clauses
      .slice(0, at)
      .find((each) => each.guard === null && subsumes(each.patterns, special.patterns))
    return general === undefined ? [] : [[general, special] as const]
  })

const hitOf = (module: Module, [general, special]: readonly [Matched, Matched], where: string): Hit => ({
  place: placeOf(module.source, special.node),
  also: [placeOf(module.source, general.node)],
  title: `Clause of ${where} can never match`,
  description: `The clause at line ${general.node.startLine} of ${where} matches everything that this one matches, so this one is never reached and its case is handled wrongly. Put the special pattern above the general one.`,
})

/** Consecutive clauses of one function in one block. */
function functionGroups(clauses: readonly Clause[]): readonly (readonly Clause[])[] {
  const groups = new Map<string, Clause[]>()
  for (const clause of clauses) {
    const key = `${clause.kind} ${clause.name}/${clause.parameters.length} ${clause.node.parent?.start}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [clause])
    else group.push(clause)
  }
  return [...groups.values()]
}

/** Blocks whose clauses are tried in order. `cond` has the same shape, but holds conditions. */
function blocksOf(node: Syntax): readonly Syntax[] {
  if (node.type === 'anonymous_function') return [node]
  const name = localName(node)
  if (name === 'case' || name === 'receive') return [blockOf(node) ?? []].flat()
  if (name === 'with') return [sectionOf(node, 'else_block') ?? keywordOf(node, 'else') ?? []].flat()
  return []
}

export const unreachableClause: Rule = {
  summary: 'A clause that an earlier, more general one shadows.',
  languages: ['elixir'],
  category: 'unreachable-clause',
  severity: 'high',
  roles: ['production', 'script'],
  find: (source, {elixir}) =>
    elixir.modulesOf(source).flatMap((module) => {
      const functions = functionGroups(module.clauses)
        .filter(
          (group) => group.length > 1 && group.every(({node}) => !isQuoted(node) && !/\bunquote\b/.test(textOf(node))),
        )
        .flatMap((group) =>
          shadowed(group.map(({node, parameters, guard}) => ({node, patterns: parameters, guard}))).map((pair) =>
            hitOf(module, pair, `${group[0]?.name ?? ''}/${group[0]?.parameters.length ?? 0}`),
          ),
        )
      const nested = (node: Syntax): boolean => module.nested.includes(node)
      const blocks = walk(module.node, (each) => !nested(each)).flatMap((node) => {
        const own = nested(node) ? [] : blocksOf(node)
        return own.length === 0 || isQuoted(node)
          ? []
          : own.flatMap((block) =>
              shadowed(stabsOf(block)).map((pair) =>
                hitOf(module, pair, node.type === 'anonymous_function' ? 'fn' : localName(node)),
              ),
            )
      })
      return [...functions, ...blocks]
    }),
}
