import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import {it} from 'vitest'
import {loadParse} from '../../src/adapters/grammars.ts'
import {scan} from '../../src/scan/scan.ts'
import {draftPlan} from '../../src/plan/draft.ts'
import {renderPlan} from '../../src/plan/document.ts'
import {checkPlan} from '../../src/plan/rules/index.ts'
import {codeOf} from './arbitrary.ts'
import {sample} from '../report/sample.ts'
import {renderComment} from '../../src/report/markdown.ts'
import {renderTerminal} from '../../src/report/terminal.ts'
import {renderHtml} from '../../src/report/html.ts'
it('x', async () => {
  const parse = await loadParse(['elixir', 'typescript', 'tsx', 'javascript', 'python'])
  for (const name of ['otp-shop', 'py-ingest', 'ts-billing']) {
    const root = join('gold', name, 'repository')
    const files = readdirSync(root, {recursive: true, encoding: 'utf8'})
      .filter((f) => statSync(join(root, f)).isFile())
      .map((f) => ({path: f, text: readFileSync(join(root, f), 'utf8')}))
    const found = scan(files, parse)
    const plan = draftPlan({
      goal: 'g',
      name: `acme/${name}`,
      commit: null,
      findings: found.findings,
      paths: files.map(({path}) => path),
    })
    const code = codeOf(Object.fromEntries(files.map(({path, text}) => [path, text.split('\n')])))
    const v = checkPlan(plan, code)
    console.log(name, files.length, found.findings.length, plan.changes.length, v)
    writeFileSync(`/tmp/x/${name}.yaml`, renderPlan(plan))
    const r = sample({plan, violations: v, scorecard: null, gold: null})
    writeFileSync(`/tmp/x/${name}.md`, renderComment(r))
    writeFileSync(`/tmp/x/${name}.txt`, renderTerminal(r, {color: false}))
    writeFileSync(`/tmp/x/${name}.html`, renderHtml(r))
  }
})
