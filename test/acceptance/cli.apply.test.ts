/** `apply` as a user has it: the bundle, a clone on disk, and a model that says what the row says. */
import {existsSync, mkdirSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import type {Answer, Script} from '../fixtures/models.ts'
import {spawnBundle} from './bundle.ts'
import {
  answer,
  cart,
  change,
  code,
  contents,
  edit,
  git,
  good,
  onBench,
  planWith,
  scratch,
  timeout,
  token,
  type BenchSpec,
} from './workbench.ts'

/** As `good`, for 0.30 USD. */
const dear: Answer = {
  text: typeof good === 'object' && 'json' in good ? JSON.stringify(good.json) : '',
  usage: {input: 1000, output: 30_000},
}

describe.concurrent('a change that can be made', {timeout}, () => {
  test('is written, and stdout is its diff', () =>
    onBench({}, async ({cwd, models, apply}) => {
      const before = contents(cwd)
      const ended = await apply()
      expect(ended).toMatchObject({code: 0, stderr: expect.stringContaining('C1 done: lib/cart.ex')})
      expect(ended.stdout.split('\n').filter((line) => !line.startsWith('index '))).toEqual([
        'diff --git a/lib/cart.ex b/lib/cart.ex',
        '--- a/lib/cart.ex',
        '+++ b/lib/cart.ex',
        '@@ -1,4 +1,4 @@',
        ' defmodule Cart do',
        '-  def go(x), do: spawn(fn -> x end)',
        '+  def go(x), do: Task.start(fn -> x end)',
        '   def total(x), do: Enum.sum(x)',
        ' end',
        '',
      ])
      expect(ended.stderr).toContain('to verify it, says the plan: mix test')
      expect(contents(cwd)).toEqual({...before, 'lib/cart.ex': cart.replace('spawn', 'Task.start')})
      const [asked] = models.requests
      expect(models.requests).toHaveLength(1)
      // fenced, with line feeds; the change, its finding and its file, and nothing of the others
      expect(asked?.prompt).toMatch(
        /<untrusted-data name="files" nonce="\w+">\n<file path="lib\/cart\.ex">\ndefmodule Cart do\n {2}def go/,
      )
      expect(asked?.prompt).toMatch(/<untrusted-data name="change"[^]*Supervise it\./)
      expect(asked?.prompt).toContain('Nobody notices when it dies.')
      for (const other of ['Not of this change.', 'Make it safe.', 'defmodule Other'])
        expect(asked?.prompt).not.toContain(other)
      expect(asked?.body['tools']).toBeUndefined()
    }))

  test('makes and deletes files, keeps modes, and shows no secret', () => {
    const plan = planWith(
      change('C1', {files: ['lib/other.ex', 'bin/run.sh', 'mix.exs'], creates: ['test/new/a_test.exs']}),
    )
    const script = answer({
      edits: [
        {file: 'lib/other.ex', find: 'do: 1', replace: 'do: 2'},
        {file: 'bin/run.sh', find: 'one', replace: 'two'},
      ],
      create: [{file: 'test/new/a_test.exs', text: 'test\n'}],
      delete: ['mix.exs'],
    })
    return onBench({plan, script}, async ({cwd, models, apply, read}) => {
      const {code: exit, stdout} = await apply()
      expect(exit).toBe(0)
      expect(read('lib/other.ex')).toBe(code['lib/other.ex']?.replace('do: 1', 'do: 2'))
      expect(read('test/new/a_test.exs')).toBe('test\n')
      expect(existsSync(join(cwd, 'mix.exs'))).toBe(false)
      expect(statSync(join(cwd, 'bin/run.sh')).mode & 0o111).toBe(0o111)
      expect(git(cwd, 'status', '--porcelain', '--untracked-files=all').split('\n').toSorted()).toEqual(
        ['', ' D mix.exs', ' M bin/run.sh', ' M lib/other.ex', '?? test/new/a_test.exs'].toSorted(),
      )
      expect(stdout).toMatch(/new file mode[^]*\+test\n/)
      expect(stdout).toMatch(/deleted file mode[^]*-x\n/)
      // what stood in the file already is escaped all the same
      expect(stdout).toContain('# red')
      expect(stdout).not.toContain('\u001b')
      expect(models.requests[0]?.prompt).toContain('[secret removed]')
      expect(models.requests[0]?.prompt).not.toContain(token)
    })
  })

  test('builds on the one before, one question each, one diff for both', () => {
    const plan = planWith(change('C2', {depends_on: ['C1']}), change('C1'))
    const script = [good, edit('Task.start(fn -> x end)', 'Task.Supervisor.start_child(S, fn -> x end)')]
    return onBench({plan, script}, async ({models, apply, read}) => {
      const {code: exit, stdout, stderr} = await apply()
      expect(exit).toBe(0)
      expect(read('lib/cart.ex')).toBe(cart.replace('spawn(', 'Task.Supervisor.start_child(S, '))
      expect(models.requests[1]?.prompt).toContain('Task.start(fn -> x end)')
      expect(stdout.match(/^[-+] /gm)).toHaveLength(2)
      expect(stdout).not.toContain('Task.start(')
      expect(stderr).toMatch(/C1 done[^]*C2 done/)
    })
  })

  test('is only shown with --dry-run, the second on top of the first', () => {
    const plan = planWith(change('C1'), change('C2'))
    const script = [good, edit('Task.start', 'Task.async')]
    const prepare = (cwd: string): void => writeFileSync(join(cwd, 'lib/cart.ex'), `# mine\r\n${cart}`)
    return onBench({plan, script, prepare}, async ({cwd, apply}) => {
      const before = contents(cwd)
      const {code: exit, stdout, stderr} = await apply('--dry-run')
      expect(exit).toBe(0)
      expect(stdout).toContain('+  def go(x), do: Task.async(fn -> x end)')
      expect(stderr).toContain('C2 would change: lib/cart.ex')
      expect(contents(cwd)).toEqual(before)
    })
  })

  test('is mended once, with what was wrong', () =>
    onBench(
      {script: [answer({create: [{file: '../out.ex', text: 'x'}]}), good]},
      async ({cwd, models, apply, read}) => {
        expect((await apply()).code).toBe(0)
        expect(read('lib/cart.ex')).toContain('Task.start')
        expect(existsSync(join(cwd, '..', 'out.ex'))).toBe(false)
        expect(models.requests[1]?.prompt).toMatch(/no file was touched[^]*\.\.\/out\.ex: leads out of the code base/)
      },
    ))

  test('is one JSON document with --format json', () =>
    onBench({}, async ({apply}) => {
      const {code: exit, stdout} = await apply('--format', 'json', '--change', 'C1')
      expect(exit).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        schema: 1,
        dry_run: false,
        changes: [{id: 'C1', state: 'done', why: null, files: ['lib/cart.ex']}],
        diff: expect.stringContaining('+  def go(x), do: Task.start'),
        usage: {calls: 1, usd: expect.any(Number)},
      })
    }))

  test('what it writes is no command to a runner', () =>
    onBench({script: edit('do: Enum.sum(x)', 'do: x\n::set-output name=a::b\n##[error]no\n')}, async ({apply}) => {
      const {code: exit, stdout} = await apply()
      expect(exit).toBe(0)
      expect(stdout).not.toMatch(/^\s*::|##\[/m)
    }))

  test('may stand in a folder of the repository, and be told where', () =>
    onBench(
      {files: Object.fromEntries(Object.entries(code).map(([path, text]) => [`app/${path}`, text]))},
      async ({apply, read}) => {
        expect((await apply('--repository', 'app')).code).toBe(0)
        expect(read('app/lib/cart.ex')).toContain('Task.start')
      },
    ))
})

describe.concurrent('what must not be changed is not, and nobody is asked', {timeout}, () => {
  const names = (...files: readonly string[]): string => planWith(change('C1', {files}))
  const mine = (cwd: string): void => writeFileSync(join(cwd, 'lib/cart.ex'), `${cart}# mine\r\n`)
  const rows: readonly (BenchSpec & {
    readonly name: string
    readonly args?: readonly string[]
    readonly says: RegExp
  })[] = [
    {
      name: 'a file with changes of mine',
      prepare: mine,
      says: /lib\/cart\.ex: has changes that are not committed[^]*--allow-dirty/,
    },
    {
      name: 'a file that git does not know',
      plan: names('lib/new.ex'),
      prepare: (cwd) => writeFileSync(join(cwd, 'lib/new.ex'), 'x\n'),
      says: /lib\/new\.ex: has changes that are not committed/,
    },
    {
      name: 'a file that git ignores, where a new one is to be',
      plan: planWith(change('C1', {creates: ['lib/local.ex']})),
      files: {...code, '.gitignore': 'lib/local.ex\n'},
      prepare: (cwd) => writeFileSync(join(cwd, 'lib/local.ex'), 'mine\n'),
      says: /lib\/local\.ex: is not among the files of this repository/,
    },
    {name: 'a folder without a past', isGit: false, says: /lib\/cart\.ex: is in no git repository/},
    {
      name: 'a link',
      plan: names('lib/link.ex'),
      prepare: (cwd) => symlinkSync('/etc/hostname', join(cwd, 'lib/link.ex')),
      says: /lib\/link\.ex: is a link/,
    },
    {
      name: 'a file behind a link',
      plan: names('out/a.ex'),
      prepare: (cwd) => {
        mkdirSync(join(scratch, 'outer'), {recursive: true})
        writeFileSync(join(scratch, 'outer', 'a.ex'), 'theirs\n')
        symlinkSync(join(scratch, 'outer'), join(cwd, 'out'))
      },
      says: /out\/a\.ex: is a link/,
    },
    {name: 'a file above', plan: names('../plan.yaml'), says: /\.\.\/plan\.yaml: leads out/},
    {name: 'a workflow', plan: names('.github/workflows/gate.yml'), says: /gate\.yml: is hidden/},
    {
      name: 'a gold standard where the settings have it',
      plan: names('answers/self/notes.md'),
      files: {...code, '.github/refactor-plan.yml': 'gold: answers\n', 'answers/self/notes.md': 'x\n'},
      says: /notes\.md: is a gold standard/,
    },
    {
      name: 'what the settings protect',
      plan: names('lib/cart.ex'),
      files: {...code, '.github/refactor-plan.yml': "protected-paths: ['lib/**']\n"},
      says: /lib\/cart\.ex: is protected/,
    },
    {
      name: 'a file that is not there',
      plan: names('lib/gone.ex'),
      says: /lib\/gone\.ex: is not there: the plan is about other code/,
    },
    {name: 'no file at all', plan: names(), says: /names no file/},
    {
      name: 'more than the budget',
      args: ['--max-tokens', '1000'],
      files: {...code, 'lib/cart.ex': 'word word\n'.repeat(2000)},
      says: /max-tokens is 1000/,
    },
    {
      name: 'a change without what it needs',
      plan: planWith(change('C1'), change('C2', {depends_on: ['C1']})),
      args: ['--change', 'C2'],
      says: /missing-dependency: C2 needs C1[^]*--done C1/,
    },
    {name: 'an unknown change', args: ['--change', 'C1', '--change', 'C9'], says: /no-such-change: the plan has no C9/},
    {name: 'a plan that is none', plan: 'findings: [', says: /bad-plan: [^]*yaml-syntax/},
    {name: 'a packed file', args: ['--repository', 'mix.exs'], says: /not-a-/},
  ]
  test.each(rows)('$name', ({args = [], says, ...spec}) =>
    onBench(spec, async ({cwd, models, here}) => {
      const before = contents(cwd)
      const ended = await here({args})
      expect(ended.stderr).toMatch(says)
      expect(ended).toMatchObject({code: 2, stdout: ''})
      expect(models.requests).toEqual([])
      expect(contents(cwd)).toEqual(before)
    }),
  )

  test('without a key it says which', () =>
    onBench({}, async ({cwd, apply, models}) => {
      const before = contents(cwd)
      expect((await apply()).code).toBe(0)
      git(cwd, 'checkout', '--quiet', '.')
      const ended = await spawnBundle({args: ['apply', join(scratch, 'none.yaml')], cwd})
      expect(ended).toMatchObject({code: 2, stderr: expect.stringContaining('no-such-file')})
      writeFileSync(join(scratch, 'keyless.yaml'), planWith(change('C1')))
      for (const more of [[], ['--dry-run'], ['--allow-dirty']]) {
        const keyless = await spawnBundle({args: ['apply', join(scratch, 'keyless.yaml'), ...more], cwd})
        expect(keyless.stderr).toMatch(/missing-key: apply asks claude\/[^]*→ set ANTHROPIC_API_KEY/)
        expect(keyless).toMatchObject({code: 2, stdout: ''})
      }
      expect(models.requests).toHaveLength(1)
      expect(contents(cwd)).toEqual(before)
    }))

  test.each([
    ['what is not committed', {prepare: mine}],
    ['a folder without a past', {isGit: false}],
  ] as const)('--allow-dirty: %s', (_, spec) =>
    onBench(spec, async ({apply, read}) => {
      expect((await apply('--allow-dirty')).code).toBe(0)
      expect(read('lib/cart.ex')).toContain('Task.start')
    }),
  )
})

describe.concurrent('what goes wrong', {timeout}, () => {
  const outside = answer({edits: [{file: 'mix.exs', find: 'x', replace: 'y'}]})
  const both = planWith(change('C1'), change('C2', {files: ['lib/other.ex']}), change('C3', {depends_on: ['C1']}))
  const other = edit('do: 1', 'do: 2', 'lib/other.ex')
  const rows: readonly (BenchSpec & {
    readonly name: string
    readonly args?: readonly string[]
    readonly exit: number
    readonly says: RegExp
    readonly changed: readonly string[]
    readonly asked: number
  })[] = [
    {
      name: 'two answers that reach too far',
      script: [outside, outside],
      exit: 3,
      says: /C1 failed: [^]*mix\.exs: is not among the files/,
      changed: [],
      asked: 2,
    },
    {
      name: 'two answers without form',
      script: ['no', 'no'],
      exit: 3,
      says: /C1 failed: [^]*not JSON/,
      changed: [],
      asked: 2,
    },
    {
      name: 'a model that says that it cannot be',
      script: answer({cannot: 'There is no `go`.\n::error::x'}),
      exit: 2,
      says: /C1 cannot: There is no `go`/,
      changed: [],
      asked: 1,
    },
    {
      name: 'a refusal',
      script: {blocked: true},
      exit: 3,
      says: /C1 failed: [^]*refused to answer/,
      changed: [],
      asked: 1,
    },
    {
      name: 'half of an answer',
      script: [
        {text: '{"edits": [', stop: 'length'},
        {text: '{"edits": [', stop: 'length'},
      ],
      exit: 3,
      says: /cut off/,
      changed: [],
      asked: 2,
    },
    {
      name: 'one of several: what does not need it is done',
      plan: both,
      script: [outside, outside, other],
      exit: 3,
      says: /C1 failed[^]*C2 done[^]*C3 skipped: it needs C1/,
      changed: ['lib/other.ex'],
      asked: 3,
    },
    {
      name: 'a key that is refused at once',
      script: {status: 401},
      exit: 2,
      says: /^model-key-refused/m,
      changed: [],
      asked: 1,
    },
    {
      name: 'a key that is refused later: what was done stands',
      plan: both,
      script: [good, {status: 401}],
      exit: 2,
      says: /C1 done[^]*C2 failed[^]*C3 skipped: it came after/,
      changed: ['lib/cart.ex'],
      asked: 2,
    },
    {
      name: 'a budget that is spent: what was done stands',
      plan: both,
      script: [dear],
      // an answer may take 32,000 tokens, which are 0.32 USD
      args: ['--max-cost-usd', '0.5'],
      exit: 2,
      says: /C1 done[^]*C2 failed: [^]*it may cost 0\.3\d USD, and 0\.1\d of 0\.5 USD are left[^]*→ raise the limit/,
      changed: ['lib/cart.ex'],
      asked: 1,
    },
  ]
  test.each(rows)('$name', ({args = [], exit, says, changed, asked, ...spec}) =>
    onBench(spec, async ({cwd, models, here}) => {
      const before = contents(cwd)
      const ended = await here({args})
      expect(ended.stderr).toMatch(says)
      expect(ended.stderr).not.toMatch(/^\s*::/m)
      expect(ended.code).toBe(exit)
      expect(models.requests).toHaveLength(asked)
      const after = contents(cwd)
      expect(Object.keys(after)).toEqual(Object.keys(before))
      expect(Object.keys(after).filter((path) => after[path] !== before[path])).toEqual(changed)
      expect(ended.stdout === '').toBe(changed.length === 0)
    }),
  )

  test('a file that changes while the model thinks is not written over', () => {
    let path = ''
    const script: Script = () => {
      writeFileSync(path, 'mine, and new\n')
      return good
    }
    const prepare = (cwd: string): void => {
      path = join(cwd, 'lib/cart.ex')
    }
    return onBench({script, prepare}, async ({apply, read}) => {
      expect(await apply()).toMatchObject({code: 2, stdout: '', stderr: expect.stringContaining('changed-meanwhile')})
      expect(read('lib/cart.ex')).toBe('mine, and new\n')
    })
  })

  test('nothing of the repository runs', () => {
    const hook = '#!/bin/sh\ntouch "$(dirname "$0")/../../RAN"\n'
    const prepare = (cwd: string): void => {
      writeFileSync(join(cwd, '.git', 'hooks', 'post-checkout'), hook, {mode: 0o755})
      for (const [key, value] of [
        ['diff.external', 'touch RAN; true'],
        ['core.fsmonitor', 'touch RAN; true'],
        ['filter.x.clean', 'touch RAN; cat'],
        ['diff.x.textconv', 'touch RAN; cat'],
        ['core.pager', 'touch RAN; cat'],
      ] as const)
        git(cwd, 'config', key, value)
      writeFileSync(join(cwd, '.gitattributes'), '* filter=x diff=x\n')
    }
    return onBench({prepare}, async ({cwd, apply}) => {
      expect((await apply()).code).toBe(0)
      expect(existsSync(join(cwd, 'RAN'))).toBe(false)
    })
  })
})
