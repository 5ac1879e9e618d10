// `npm run screenshots` draws comments as a pull request shows them and puts them into docs/screenshots: what a person looks at
// before the layout of src/report changes. The comments come from the sources as they are now; the failing one is a real run.
// It needs Chromium (on PATH, or named by CHROMIUM). markdown-it and mermaid, the renderer that GitHub draws graphs with, are
// fetched into .tools and are no dependency. `--all <folder>` draws every comment at every width and theme, folds open and shut.
import {execFileSync, spawn, spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {tmpdir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {build} from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const work = mkdtempSync(join(tmpdir(), 'refactor-plan-screenshots-'))
const server = 'https://github.com'
const head = '1f3c5a7e9b1d2f4a6c8e0b2d4f6a8c0e1f3c5a7e'
const run = `${server}/acme/shop/actions/runs/7301944210`
const gold = join(root, 'gold', 'otp-shop')

const packages = ['markdown-it@14.1.0', 'mermaid@11.12.0']
function tools() {
  const folder = join(root, '.tools', 'screenshots')
  const isThere = (spec) => {
    const [name, version] = spec.split('@')
    const manifest = join(folder, 'node_modules', name, 'package.json')
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version
  }
  if (!packages.every(isThere)) {
    mkdirSync(folder, {recursive: true})
    const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder]
    execFileSync('npm', [...install, ...packages], {cwd: folder, stdio: ['ignore', 'ignore', 'inherit']})
  }
  const require = createRequire(join(folder, 'index.js'))
  return {
    MarkdownIt: require(join(folder, 'node_modules', 'markdown-it')),
    mermaid: join(folder, 'node_modules', 'mermaid', 'dist', 'mermaid.min.js'),
  }
}

/** The sources that write comments, as one module. */
async function load() {
  const outfile = join(work, 'report.mjs')
  const from = (path, names) => `export {${names}} from ${JSON.stringify(join(root, path))}`
  const contents = [
    from('src/report/markdown.ts', 'renderComment'),
    from('src/report/report.ts', 'reportOn, parseReport'),
    from('src/report/help.ts', 'renderHelp'),
    from('src/report/doctor.ts', 'renderDoctor'),
    from('src/gate/diagnosis.ts', 'diagnose'),
    from('src/document.ts', 'readDocument, valueOf'),
    from('src/score/gold.ts', 'GoldStandard'),
    from('src/score/score.ts', 'goldAsPlan, scorePlan'),
    from('src/score/verdict.ts', 'decide'),
    from('test/score/golds.ts', 'cases'),
    from('test/gate/facts.ts', 'sound, withFiles'),
  ].join('\n')
  await build({
    stdin: {contents, resolveDir: root, loader: 'ts'},
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    // the tests' own rows look for files beside themselves: every module is told the same place, two folders below the root
    define: {'import.meta.url': JSON.stringify(pathToFileURL(join(root, 'test', 'score', 'golds.ts')).href)},
    banner: {
      js: "import {createRequire as requireFrom} from 'node:module'\nconst require = requireFrom('file:///bundle.mjs')",
    },
  })
  return import(pathToFileURL(outfile).href)
}

const published = (report) => ({
  ...report,
  request: {number: 128, head, base: 'b'.repeat(40)},
  repository: {name: 'acme/shop', commit: head, server_url: server},
  run_url: run,
  milliseconds: null,
})

/** The main job with no key, as the action would publish it: on a pull request that also edits what judges it. */
function failed({parseReport, valueOf}) {
  const file = join(work, 'run.json')
  const bundle = join(root, 'dist', 'index.js')
  const args = ['plan', join(gold, 'repository'), '--gold', join(gold, 'gold.yaml'), '--gate', 'warn', '--record', file]
  const {ANTHROPIC_API_KEY: _claude, GEMINI_API_KEY: _gemini, ...env} = process.env
  execFileSync(process.execPath, [bundle, ...args], {cwd: work, env, stdio: 'ignore'})
  const report = valueOf(parseReport(readFileSync(file, 'utf8'), file), 'run')
  return published({...report, protected: ['gold/otp-shop/gold.yaml', '.github/refactor-plan.yml']})
}

/** A plan as good models write it: the gold standard without what reviewers find hardest, scored as every plan is. */
function planned({cases, reportOn, scorePlan, decide}, more) {
  const {gold: standard, code, plan: whole} = cases.find(({gold: {name}}) => name === 'otp-shop')
  const missed = new Set(
    standard.findings
      .filter(({must, severity}) => !must && severity !== 'critical')
      .slice(0, 2)
      .map(({id}) => id),
  )
  const renamed = (id) => id.replace(/^G/, 'F')
  const plan = {
    ...whole,
    summary:
      'Most of the defects come from one habit: a process is asked from inside itself, or a caller is never answered. ' +
      'Phase 1 stops the crashes that customers see, phase 2 makes restarts safe, and the rest is tidying up.',
    findings: whole.findings.filter(({id}) => !missed.has(id)).map((each) => ({...each, id: renamed(each.id)})),
    changes: whole.changes
      .filter(({resolves}) => resolves.some((id) => !missed.has(id)))
      .map((each) => ({...each, resolves: each.resolves.filter((id) => !missed.has(id)).map(renamed)})),
  }
  const card = scorePlan(plan, standard, code, null)
  const judge = more.judge ?? 'ran'
  const {score} = card
  const scorecard = {...card, judge, interval: judge === 'ran' ? [score - 0.3, Math.min(10, score + 0.2)] : null}
  const policy = {threshold: 8, requireGold: true, requireJudge: true}
  return published(
    reportOn({
      request: null,
      repository: {name: 'acme/shop', commit: head, server_url: server},
      pipeline: {name: 'genesis', models: ['claude/claude-sonnet-4-5', 'gemini/gemini-2.5-pro']},
      plan,
      plan_path: 'evolved_pipelines/plan_shop_5d1e0c77.yaml',
      scorecard,
      gold: standard,
      threshold: policy.threshold,
      violations: [],
      verdict: decide({scorecard, violations: [], policy}),
      usage: {calls: 9, input_tokens: 181_204, output_tokens: 22_310, usd: 0.87},
      milliseconds: null,
      run_url: run,
      leftOut: [{path: 'priv/static/logo.png', why: 'binary'}],
      ...more,
    }),
  )
}

const earlier = [
  {head: '9ac2e41d0f6b8375c1e29a4b7d5f3061e8c9a2b4', score: 6.41, decision: 'fail'},
  {head: '4e7b90c3a8d15f62b0974ce1d3a5f8276b9c0e1d', score: 7.72, decision: 'fail'},
]

const inForce = {
  config: {
    pipeline: 'auto',
    gold: 'gold/',
    threshold: 8,
    gate: 'enforce',
    permissions: ['write', 'maintain', 'admin'],
    maxCostUsd: 2,
  },
  context: 'refactor-plan/gate',
  base: 'c0d9cc3f7a51e2b48d6c09f1a37e5b20d4f8c6a1',
  by: 'octocat',
  permission: 'write',
}

function commentsOf(modules) {
  const {renderComment, renderHelp, renderDoctor, diagnose, sound, withFiles} = modules
  return {
    passed: renderComment(planned(modules, {history: earlier})),
    failed: renderComment(failed(modules)),
    unjudged: renderComment(planned(modules, {judge: 'unavailable'})),
    help: renderHelp('plan', inForce),
    doctor: renderDoctor(diagnose(withFiles({golds: [], owners: null}, {...sound, branch: 'main'}))),
  }
}

/** Quotes that begin with `[!WARNING]` and the like are boxes on GitHub. */
function withAlerts(page) {
  return page.replace(
    /<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\](?:<br>\n|<\/p>\n<p>|<\/p>)?/g,
    (_, kind) => {
      const name = kind.toLowerCase()
      return `<blockquote class="alert ${name}"><p class="title">${kind[0]}${name.slice(1)}</p>\n<p>`
    },
  )
}

// sizes, colours and distances as they are seen on github.com, in words of our own
const style = readFileSync(join(root, 'scripts', 'screenshots.css'), 'utf8')

/** A comment breaks at every line end, which a README does not; its graphs are drawn on the page. */
function pageOf(body, {theme, open, MarkdownIt}) {
  const reader = new MarkdownIt({html: true, breaks: true, linkify: true})
  const fence = reader.renderer.rules.fence
  reader.renderer.rules.fence = (tokens, at, ...rest) =>
    tokens[at].info.trim() === 'mermaid'
      ? `<pre class="mermaid">${reader.utils.escapeHtml(tokens[at].content)}</pre>`
      : fence(tokens, at, ...rest)
  const shown = withAlerts(reader.render(body))
  const opened = shown.replace(/<details>(?=<summary>([^<]*))/g, (tag, title) =>
    open !== null && title.includes(open) ? '<details open>' : tag,
  )
  return `<!doctype html><html data-theme="${theme}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>${style}</style><article><header><b>refactor-plan</b> <i>bot</i> commented now</header><main>${opened}</main></article></html>`
}

function chromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = process.env.CHROMIUM ?? names.find((name) => spawnSync(name, ['--version']).status === 0)
  if (found === undefined) throw new Error('Chromium is not on PATH: install it, or set CHROMIUM to its path')
  return found
}

/** The browser, spoken to over two pipes: no port is opened. */
function start() {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--remote-debugging-pipe']
  const browser = spawn(chromium(), [...flags, `--user-data-dir=${join(work, 'profile')}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const [, , , to, from] = browser.stdio
  const waiting = new Map()
  let [next, rest] = [1, '']
  from.setEncoding('utf8').on('data', (chunk) => {
    const messages = (rest + chunk).split('\0')
    rest = messages.pop() ?? ''
    for (const {id, result, error} of messages.map((each) => JSON.parse(each))) {
      const {done, failed: refuse} = waiting.get(id) ?? {}
      if (error === undefined) done?.(result)
      else refuse?.(new Error(error.message))
    }
  })
  const ended = new Promise((resolveEnd) => browser.once('exit', resolveEnd))
  void ended.then((code) => {
    for (const {failed: refuse} of waiting.values()) refuse(new Error(`Chromium ended with ${code}`))
  })
  const send = (method, params = {}, sessionId) =>
    new Promise((done, refuse) => {
      waiting.set(next, {done, failed: refuse})
      to.write(`${JSON.stringify({id: next++, method, params, sessionId})}\0`)
    })
  const stop = async () => {
    await Promise.race([send('Browser.close'), ended]).catch(() => undefined)
    await ended
  }
  return {send, stop}
}

/** Taller pictures are shrunk by whoever looks at them. */
const slice = 1600

const drawn = `(async () => {
  const dark = document.documentElement.dataset.theme === 'dark'
  const shut = [...document.querySelectorAll('details:not([open])')]
  for (const each of shut) each.open = true
  mermaid.initialize({startOnLoad: false, theme: dark ? 'dark' : 'default'})
  await mermaid.run({querySelector: '.mermaid'})
  for (const each of shut) each.open = false
  await document.fonts.ready
  return {height: Math.ceil(document.documentElement.getBoundingClientRect().height), wide: document.documentElement.scrollWidth}
})()`

async function draw({send}, {body, width, theme, open = null, most, file}, {MarkdownIt, mermaid}) {
  const page = join(work, 'page.html')
  writeFileSync(page, pageOf(body, {theme, open, MarkdownIt}))
  const {targetId} = await send('Target.createTarget', {url: 'about:blank'})
  const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true})
  const tell = (method, params) => send(method, params, sessionId)
  const evaluate = async (expression) => {
    const {result, exceptionDetails: wrong} = await tell('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (wrong !== undefined) throw new Error(`${file}: ${wrong.exception?.description ?? wrong.text}`)
    return result.value
  }
  const size = (height) =>
    tell('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: 1, mobile: false})
  await size(900)
  await tell('Page.navigate', {url: pathToFileURL(page).href})
  await evaluate(`new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))`)
  await evaluate(readFileSync(mermaid, 'utf8').replace(/$/, '\n;undefined'))
  const {height, wide} = await evaluate(drawn)
  const last = Math.min(height, most)
  await size(last)
  const parts = Array.from({length: Math.ceil(last / slice)}, (_, at) => [at, at * slice])
  for (const [at, y] of parts) {
    const clip = {x: 0, y, width, height: Math.min(slice, last - y), scale: 1}
    const {data} = await tell('Page.captureScreenshot', {format: 'png', clip})
    const to = parts.length === 1 ? file : file.replace(/\.png$/, `-${at + 1}.png`)
    writeFileSync(to, Buffer.from(data, 'base64'))
    const size = `${width} × ${clip.height} of ${height}, ${(statSync(to).size / 1000).toFixed(0)} kB`
    console.log(`${to}: ${size}${wide > width ? `, but its content is ${wide} wide` : ''}`)
  }
  await send('Target.closeTarget', {targetId})
}

const shots = [
  {of: 'passed', width: 780, theme: 'light', open: 'Order', most: 1020},
  {of: 'failed', width: 780, theme: 'light'},
  {of: 'unjudged', width: 780, theme: 'dark'},
  {of: 'passed', width: 390, theme: 'light', most: 1400},
  {of: 'help', width: 780, theme: 'dark'},
  {of: 'doctor', width: 780, theme: 'light'},
]

function wanted(comments) {
  const at = process.argv.indexOf('--all')
  const folder = at < 0 ? join(root, 'docs', 'screenshots') : resolve(process.argv[at + 1] ?? '')
  mkdirSync(folder, {recursive: true})
  const all = Object.keys(comments).flatMap((of) =>
    [780, 390].flatMap((width) =>
      ['light', 'dark'].flatMap((theme) => ['', null].map((open) => ({of, width, theme, open, most: Infinity}))),
    ),
  )
  return (at < 0 ? shots : all).map((shot) => {
    const {of, width, theme, open} = shot
    const name = `${of}-${width}-${theme}${at >= 0 && open === '' ? '-open' : ''}.png`
    return {most: 940, ...shot, body: comments[of], file: join(folder, name)}
  })
}

try {
  const kit = tools()
  const comments = commentsOf(await load())
  const browser = start()
  try {
    for (const shot of wanted(comments)) await draw(browser, shot, kit)
  } finally {
    await browser.stop()
  }
} finally {
  rmSync(work, {recursive: true, force: true})
}
