import * as fc from 'fast-check'
import {describe, expect, it, test} from 'vitest'
import {digestOf} from '../../src/adapters/models.ts'
import {randomOf} from '../../src/optimize/randomness.ts'
import {variantsOf, type CodeFile, type Variant} from '../../src/optimize/variants.ts'
import {GoldStandard} from '../../src/score/gold.ts'

const files: readonly CodeFile[] = [
  {path: 'lib/price_table.ex', text: 'defmodule Shop.PriceTable do\n  def all, do: Shop.OrderBook.all()\nend\n'},
  {
    path: 'lib/order_book.ex',
    text: 'defmodule Shop.OrderBook do\n  def all do\n    spawn(fn -> PriceTable.load() end)\n  end\nend\n',
  },
  {path: 'lib/clean.ex', text: 'defmodule Shop.Clean do\nend\n'},
]
const gold = GoldStandard.parse({
  schema: 1,
  name: 'shop',
  source: {path: 'repository'},
  findings: [
    {
      id: 'G1',
      category: 'a-b',
      severity: 'high',
      description: 'OrderBook spawns.',
      locations: [
        {file: 'lib/order_book.ex', start_line: 3, end_line: 3, evidence: 'spawn(fn -> PriceTable.load() end)'},
      ],
    },
    {
      id: 'G2',
      category: 'c-d',
      severity: 'low',
      description: 'PriceTable asks.',
      locations: [{file: 'lib/price_table.ex', start_line: 2, end_line: 2, evidence: 'Shop.OrderBook.all()'}],
    },
  ],
  changes: [
    {id: 'C1', title: 'one', resolves: ['G1']},
    {id: 'C2', title: 'two', resolves: ['G2'], depends_on: ['C1']},
  ],
})
const made = (seed = 0, of = gold, code = files): readonly Variant[] =>
  variantsOf(of, code, 3, randomOf(digestOf, seed, 'variants'))
const codeOf = ({changed}: Variant): readonly CodeFile[] =>
  files.flatMap(({path, text}) => {
    const other = changed.get(path)
    return other === null ? [] : [{path, text: other ?? text}]
  })

describe('variants of a gold standard', () => {
  it('are gold standards, and every quote stands on its lines', () => {
    fc.assert(
      fc.property(fc.nat({max: 200}), (seed) => {
        for (const variant of made(seed)) {
          expect(GoldStandard.safeParse(variant.gold).success).toBe(true)
          const code = new Map(codeOf(variant).map(({path, text}) => [path, text.split('\n')]))
          for (const {locations} of variant.gold.findings)
            for (const {file, start_line = 0, evidence = ''} of locations)
              expect(code.get(file)?.[start_line - 1]).toContain(evidence)
          const ids = new Set(variant.gold.findings.map(({id}) => id))
          for (const {resolves} of variant.gold.changes) expect(resolves.every((id) => ids.has(id))).toBe(true)
        }
      }),
    )
  })
  test('a file less, other names, a defect more', () => {
    const [removed, renamed, seeded] = made()
    expect(removed?.gold).toMatchObject({name: 'shop~removed', findings: [expect.anything()]})
    expect(renamed?.gold.name).toBe('shop~renamed')
    expect(renamed?.changed.get('lib/order_book.ex')).toContain('TablePrice.load()')
    expect(renamed?.gold.findings[0]).toMatchObject({
      description: 'BookOrder spawns.',
      locations: [{evidence: 'spawn(fn -> TablePrice.load() end)'}],
    })
    expect(seeded?.gold.findings.map(({id}) => id)).toEqual(['G1', 'G2', 'V1'])
    expect([...(seeded?.changed.keys() ?? [])]).toEqual(['lib/clean.ex'])
  })
  test.each<readonly [string, readonly CodeFile[], readonly string[]]>([
    [
      'nothing to rename',
      files.map((file) => ({
        ...file,
        text: file.text.replaceAll('PriceTable', 'Prices').replaceAll('OrderBook', 'Orders'),
      })),
      ['shop~removed', 'shop~seeded'],
    ],
    ['no clean file', files.slice(0, 2), ['shop~removed', 'shop~renamed']],
    ['no code at all', [], []],
  ])('%s', (_, code, names) => expect(made(0, gold, code).map((each) => each.gold.name)).toEqual(names))
})
