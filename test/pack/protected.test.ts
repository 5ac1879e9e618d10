import {expect, test} from 'vitest'
import {protectedIn} from '../../src/pack/protected.ts'

const patterns = ['.github/**', 'gold/**', 'pipelines/**', '/policy.yml']
const at = (path: string, previous: string | null = null): {path: string; previous: string | null} => ({path, previous})

test.each([
  ['nothing', [], []],
  ['code', [at('src/a.ts'), at('docs/gold.md'), at('lib/pipelines.ts')], []],
  ['a workflow', [at('.github/workflows/gate.yml')], ['.github/workflows/gate.yml']],
  ['in other letters', [at('.GitHub/Workflows/x.yml')], ['.GitHub/Workflows/x.yml']],
  ['a gold standard that was moved away', [at('old/gold.yaml', 'gold/self/gold.yaml')], ['gold/self/gold.yaml']],
  ['one that was moved within', [at('gold/b/gold.yaml', 'gold/a/gold.yaml')], ['gold/b/gold.yaml', 'gold/a/gold.yaml']],
  ['only at the top', [at('policy.yml'), at('a/policy.yml')], ['policy.yml']],
  ['what is no relative path', [at('../gold/x'), at('/gold/x'), at('')], []],
] as const)('%s', (_, changed, found) => {
  expect(protectedIn(changed, patterns)).toEqual(found)
})

test('no pattern protects nothing', () => {
  expect(protectedIn([at('gold/x')], [])).toEqual([])
})
