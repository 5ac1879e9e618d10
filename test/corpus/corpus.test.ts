/** pipeline_ex's files as they are, through `run`, on model servers that answer what each case says. */
import {existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {describe, expect, test} from 'vitest'
import * as z from 'zod'
import {startModels, type Answer, type Asked, type Models} from '../fixtures/models.ts'
import {commandHere} from '../acceptance/stage.ts'
import {corpus, type CorpusAnswer, type CorpusCase, type CorpusRun} from './expected.ts'

const folder = dirname(fileURLToPath(import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'refactor-plan-corpus-'))

const Printed = z.object({
  results: z.record(z.string(), z.unknown()),
  diagnostics: z.array(z.looseObject({code: z.string()})),
})

const answerOf = (answer: CorpusAnswer): Answer => (typeof answer === 'string' ? answer : {json: answer.json})

const wholeOf = ({system, prompt}: Asked): string => `${system}\n${prompt}`

function scriptOf({answers = []}: CorpusRun): (asked: Asked) => Answer {
  if (typeof answers === 'function') return (asked) => answerOf(answers(wholeOf(asked)))
  return ({index}) => {
    const answer = answers[index]
    return answer === undefined ? {status: 400, message: `there is no answer ${index + 1}`} : answerOf(answer)
  }
}

function place({file, files = {}}: CorpusCase, at: number): string {
  const cwd = join(scratch, `case-${at}`)
  const all = {...files, [file]: readFileSync(join(folder, file), 'utf8')}
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(cwd, path)), {recursive: true})
    writeFileSync(join(cwd, path), text)
  }
  return cwd
}

async function check(
  file: string,
  inputs: Readonly<Record<string, string>>,
  cwd: string,
  wanted: CorpusRun,
): Promise<void> {
  const models: Models = await startModels(scriptOf(wanted))
  try {
    const vars = Object.entries(inputs).map(([name, value]) => `${name}=${value}`)
    const ended = await commandHere({
      cwd,
      args: ['run', file, '--format', 'json', ...(vars.length === 0 ? [] : ['--var', ...vars])],
      env: {
        ANTHROPIC_API_KEY: 'sk-ant-corpus',
        GEMINI_API_KEY: 'corpus',
        ANTHROPIC_BASE_URL: models.anthropicUrl,
        GEMINI_BASE_URL: models.geminiUrl,
      },
    })
    const asked = models.requests.map(wholeOf)
    expect({code: ended.code, stderr: ended.stderr}).toMatchObject({code: wanted.exit})
    for (const part of wanted.says ?? []) expect(ended.stderr).toContain(part)
    if (wanted.asked !== undefined) expect(asked).toHaveLength(wanted.asked)
    for (const [index, parts] of Object.entries(wanted.prompts ?? {}))
      for (const part of parts) expect(asked[Number(index) - 1]).toContain(part)
    for (const [index, parts] of Object.entries(wanted.without ?? {}))
      for (const part of parts) expect(asked[Number(index) - 1]).not.toContain(part)
    if (wanted.exit === 0) {
      const printed = Printed.parse(JSON.parse(ended.stdout))
      expect(printed.results).toMatchObject(wanted.results ?? {})
      const codes = printed.diagnostics.map(({code}) => code)
      for (const code of wanted.diagnostics ?? []) expect(codes).toContain(code)
    }
    for (const [path, text] of Object.entries(wanted.written ?? {})) {
      const written = readFileSync(join(cwd, path), 'utf8')
      if (typeof text === 'string') expect(written).toBe(text)
      else for (const part of text) expect(written).toContain(part)
    }
    for (const path of wanted.absent ?? []) expect(existsSync(join(cwd, path))).toBe(false)
  } finally {
    await models.close()
  }
}

const rows = corpus.map((each, at) => [each.file, each.covers.join('; '), each, at] as const)

describe('every file of the corpus does what its author meant', () => {
  test.each(rows)(
    '%s (%s)',
    async (_, __, each, at) => {
      const cwd = place(each, at)
      await check(each.file, each.inputs ?? {}, cwd, each)
      if (each.again !== undefined) await check(each.file, each.inputs ?? {}, cwd, each.again)
    },
    60_000,
  )
})
