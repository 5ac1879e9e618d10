/**
 * What each pipeline of this folder must do. A file may have several cases (other inputs, other answers).
 * Results are compared as subsets; where a text cannot be known to the letter, a matcher of vitest stands in its place.
 */
import {expect} from 'vitest'

/** A text, or a value that is sent as JSON text. */
export type CorpusAnswer = string | {readonly json: unknown}

export interface CorpusRun {
  /** In order of the questions; a function of the prompt where the order is open or the number of questions is. */
  readonly answers?: readonly CorpusAnswer[] | ((prompt: string) => CorpusAnswer)
  /** Of `run`: 2 the user can fix it, 3 a model failed. */
  readonly exit: 0 | 2 | 3
  /** Parts of the error message. */
  readonly says?: readonly string[]
  /** A part of each step's result, by step. */
  readonly results?: Readonly<Record<string, unknown>>
  /** What the n-th question (from 1) must hold, system and all messages as one text. */
  readonly prompts?: Readonly<Record<number, readonly string[]>>
  /** What the n-th question (from 1) must not hold. */
  readonly without?: Readonly<Record<number, readonly string[]>>
  /** Number of questions that reached a model. */
  readonly asked?: number
  /** Files afterwards, by path from the folder where it runs: the exact text, or parts of it. */
  readonly written?: Readonly<Record<string, string | readonly string[]>>
  /** Paths where nothing is afterwards. */
  readonly absent?: readonly string[]
  /** Codes that must be among the diagnostics. */
  readonly diagnostics?: readonly string[]
}

export interface CorpusCase extends CorpusRun {
  readonly file: string
  /** The part of the format, and what was chosen where it leaves something open. */
  readonly covers: readonly string[]
  /** --var values. */
  readonly inputs?: Readonly<Record<string, string>>
  /** Files in the folder where it runs, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** The same command once more in the same folder. */
  readonly again?: CorpusRun
}

/** Nothing is asked: the user's mistake is found first. */
const refused = (file: string, covers: readonly string[], ...says: readonly string[]): CorpusCase => ({
  file,
  covers,
  exit: 2,
  says,
  asked: 0,
})

const values = (names: readonly string[], value: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(names.map((name) => [name, value]))

/** Of steps that only tell whether their condition held; names with spaces between. */
const outcomes = (ran: string, skipped: string): Readonly<Record<string, unknown>> => ({
  ...values(ran.split(/\s+/), {text: 'ran'}),
  ...values(skipped.split(/\s+/), {skipped: true}),
})

/** The answer of the first word that the prompt holds. */
const byWord =
  (answers: readonly (readonly [word: string, answer: CorpusAnswer])[]) =>
  (prompt: string): CorpusAnswer =>
    answers.find(([word]) => prompt.includes(word))?.[1] ?? `nothing is known about: ${prompt}`

const forms: readonly CorpusCase[] = [
  {
    file: '001-wrapped.yaml',
    covers: ['§1.1 workflow: wrapper', '§1.4 role', '§1.5 claude, gemini', '§1.7 static, previous_response'],
    answers: ['Added: --quiet. Fixed: uploads are retried.', '## 2.4.0 entry'],
    exit: 0,
    results: {
      group_changes: {text: 'Added: --quiet. Fixed: uploads are retried.', ok: true},
      write_entry: {text: '## 2.4.0 entry', ok: true},
    },
    prompts: {
      1: ['retry the upload when the network is away'],
      2: ['version 2.4.0', 'Added: --quiet. Fixed: uploads are retried.'],
    },
    asked: 2,
  },
  {
    file: '002-bare.yaml',
    covers: ['§1.1 bare form', '§1.7 string prompt'],
    answers: ['Forget cached entries after one hour'],
    exit: 0,
    results: {propose: {text: 'Forget cached entries after one hour'}},
    asked: 1,
  },
  {
    file: '003-pipeline-beside-steps.yaml',
    covers: ['§1.1 pipeline: beside steps: and output:', 'choice: output: is kept, the results are those of the steps'],
    answers: ['Orders can be listed and placed.', 'Orders'],
    exit: 0,
    results: {summary: {text: 'Orders can be listed and placed.'}, title: {text: 'Orders'}},
    prompts: {2: ['Orders can be listed and placed.']},
    asked: 2,
  },
  {
    file: '004-list-of-steps.yaml',
    covers: ['§1.1 list of steps', 'choice: it runs, since its steps are all that its author wrote'],
    answers: ['Callers break.', 'Keep the old name for a while.'],
    exit: 0,
    results: {question: {text: 'Callers break.'}, answer: {text: 'Keep the old name for a while.'}},
    prompts: {2: ['Callers break.']},
    asked: 2,
  },
  refused('005-fixture.yaml', ['§1.1 fixture'], 'expected_output'),
  refused(
    '006-fixture-with-pipeline.yaml',
    ['§1.1 fixture with generated_pipeline', 'choice: the pipeline in it runs only when somebody takes it out'],
    'expected_output',
  ),
  refused('007-scalar-workflow.yaml', ['§1.2 workflow: is a scalar'], 'workflow'),
  refused('008-no-steps.yaml', ['§1.2 steps is empty'], 'steps'),
  refused('009-two-documents.yaml', ['§1.1 one document a file'], '009-two-documents.yaml'),
  refused('010-step-without-type.yaml', ['§1.2 step without type'], 'type'),
  refused('011-unknown-previous-step.yaml', ['§1.2 previous_response of an unknown step'], 'colect_facts'),
  refused('012-later-step.yaml', ['§1.2 previous_response of a later step'], 'analysis'),
  refused('013-parallel-without-tasks.yaml', ['§1.2 parallel_claude without parallel_tasks'], 'parallel_tasks'),
  refused('014-batch-without-work.yaml', ['§1.2 claude_batch without tasks and prompt'], 'tasks'),
  refused('015-unknown-function.yaml', ['§1.2 functions not in gemini_functions'], 'rate_style'),
  refused('016-unknown-part.yaml', ['§1.2 unknown prompt part'], 'image_url'),
  {
    file: '017-duplicate-names.yaml',
    covers: ['§1.2 duplicate step names', 'choice: both run, the later result counts, a diagnostic tells'],
    answers: ['Spring wakes', 'Autumn rests', 'Short and good.'],
    exit: 0,
    results: {draft: {text: 'Autumn rests'}, choose: {text: 'Short and good.'}},
    prompts: {3: ['Autumn rests']},
    without: {3: ['Spring wakes']},
    asked: 3,
    diagnostics: ['duplicate-name'],
  },
]

const workflowKeys: readonly CorpusCase[] = [
  {
    file: '018-unread-workflow-keys.yaml',
    covers: [
      '§1.3 environment, claude_auth, hooks, mcp_servers, agents, enable_skills, setting_sources',
      '§1.3 enable_context_management, memory_config, resource_limits, safety, monitoring, providers, config',
      '§1.3 extends, include, dspy_config',
    ],
    answers: ['Hello, documentation team.'],
    exit: 0,
    results: {greet: {text: 'Hello, documentation team.', ok: true}},
    asked: 1,
  },
  {
    file: '019-global-vars.yaml',
    covers: ['§1.3 global_vars', '§1.8 rule 3', 'choice: paths below a global variable are followed'],
    answers: ['Rewritten.'],
    exit: 0,
    results: {
      numbers: {
        data: {
          limit: 120,
          strict: true,
          kind: 'operators',
          words: ['simply', 'just'],
          sentence: 'At most 120 words for 14 people.',
        },
      },
    },
    prompts: {1: ['British English', 'operators']},
    asked: 1,
  },
  {
    file: '020-variables-and-inputs.yaml',
    covers: [
      '§1.3 variables, inputs, input, outputs',
      'choice: a map under inputs or input gives values to use when no --var does',
    ],
    answers: ['Dear colleague, … The tools team'],
    exit: 0,
    results: {plan: {text: 'Dear colleague / the new build server / friendly / Friday'}},
    prompts: {1: ['the new build server', 'Dear colleague', 'The tools team', 'Friday']},
    asked: 1,
  },
  {
    file: '020-variables-and-inputs.yaml',
    covers: ['§1.3 variables, inputs and input, replaced by --var', '§1.17 no variables on the command line'],
    inputs: {topic: 'the cold coffee', greeting: 'Hi all', deadline: 'tomorrow'},
    answers: ['Hi all, …'],
    exit: 0,
    results: {plan: {text: 'Hi all / the cold coffee / friendly / tomorrow'}},
    prompts: {1: ['the cold coffee', 'Hi all', 'tomorrow']},
    without: {1: ['the new build server', 'Dear colleague', 'Friday']},
    asked: 1,
  },
  {
    file: '021-defaults.yaml',
    covers: [
      '§1.3 defaults.output_dir, claude_preset, gemini_model, gemini_token_budget, claude_options, claude_output_format',
      'choice: defaults are merged under what a step says; an output format json of the command line tool asks for no JSON',
    ],
    answers: ['Four, from zero.', 'Five, from one.', 'The first begins at zero.'],
    exit: 0,
    results: {count: {text: 'Four, from zero.'}, recount: {text: 'Five, from one.'}},
    prompts: {1: ['Count from zero.'], 2: ['Count from one.'], 3: ['Four, from zero.', 'Five, from one.']},
    without: {2: ['Count from zero.']},
    asked: 3,
    written: {
      'reports/count.txt': ['Four, from zero.'],
      'reports/deep/down/comparison.md': ['The first begins at zero.'],
    },
    absent: ['outputs/count.txt'],
  },
]

const commonFields: readonly CorpusCase[] = [
  {
    file: '022-output-to-file.yaml',
    covers: ['§1.4 output_to_file', '§1.3 output_dir by default', 'choice: templates in the path are filled'],
    answers: ['# Notes\n\nFaster.', {json: {version: '7.1', breaking: false}}, 'Released.'],
    exit: 0,
    results: {notes: {text: '# Notes\n\nFaster.'}, facts: {data: {version: '7.1', breaking: false}}},
    asked: 3,
    written: {
      'outputs/notes.md': ['# Notes\n\nFaster.'],
      'outputs/facts/v7.json': ['"version"', '"7.1"', '"breaking"', 'false'],
      'outputs/settings.json': ['"colour"', '"green"'],
      'outputs/log/7.1.txt': ['Released.'],
    },
  },
  {
    ...refused('023-output-outside.yaml', ['§1.4 output_to_file outside of the output folder'], 'notes.md'),
    absent: ['../notes.md', '../../notes.md'],
  },
  {
    file: '024-unread-step-fields.yaml',
    covers: [
      '§1.4 role, description, streaming, retry, on_error, cache, timeout_seconds, options, depends_on, unknown key',
    ],
    answers: ['Two weeks.', 'Yes.'],
    exit: 0,
    results: {estimate: {text: 'Two weeks.', ok: true}, next: {text: 'Yes.'}},
    prompts: {2: ['Two weeks.']},
    asked: 2,
    diagnostics: ['unrecognized-keys'],
  },
  {
    file: '025-continue-on-error.yaml',
    covers: ['§1.4 continue_on_error', 'choice: it is honoured; the result of the failed step is not ok'],
    answers: ['The main part.'],
    exit: 0,
    results: {extra: {ok: false}, main: {text: 'The main part.', ok: true}},
    asked: 1,
  },
  {
    file: '026-depends-on.yaml',
    covers: ['§1.4 depends_on', 'choice: a step waits for a later one that it depends on'],
    answers: ['Four walls of brick.', 'A flat roof.'],
    exit: 0,
    results: {walls: {text: 'Four walls of brick.'}, roof: {text: 'A flat roof.'}},
    prompts: {1: ['Plan the walls.'], 2: ['Plan the roof', 'Four walls of brick.']},
    asked: 2,
  },
  {
    file: '027-when.yaml',
    covers: ['§1.4 when', '§1.9 template inside a condition', 'choice: when is another name of condition'],
    exit: 0,
    results: {draft: {text: 'draft text'}, publish: {skipped: true}},
    asked: 0,
  },
  {
    file: '027-when.yaml',
    covers: ['§1.4 when, with an input that makes it true'],
    inputs: {publish: 'yes'},
    answers: ['It is out.'],
    exit: 0,
    results: {publish: {text: 'It is out.'}},
    prompts: {1: ['draft text']},
    asked: 1,
  },
  {
    file: '028-output-schema.yaml',
    covers: ['§1.4 output_schema', 'choice: it says what schema says'],
    answers: [{json: {severity: 'urgent', area: 'web'}}, {json: {severity: 'high', area: 'web'}}],
    exit: 0,
    results: {triage: {data: {severity: 'high', area: 'web'}, ok: true}, route: {text: 'web: high'}},
    asked: 2,
  },
  {
    file: '028-output-schema.yaml',
    covers: ['§1.4 output_schema, missed twice'],
    answers: [{json: {severity: 'urgent', area: 'web'}}, {json: {severity: 'dire', area: 'web'}}],
    exit: 3,
    says: ['triage'],
    asked: 2,
  },
  {
    file: '029-step-fails.yaml',
    covers: ['§1.14 the first failure stops the run', 'choice: a failure without a model is exit 2'],
    exit: 2,
    says: ['precheck', 'the licence file is missing'],
    asked: 0,
  },
]

const modelSteps: readonly CorpusCase[] = [
  {
    file: '030-claude-options.yaml',
    covers: [
      '§1.5 claude: max_turns, allowed_tools, disallowed_tools, system_prompt, append_system_prompt, verbose, cwd',
      '§1.5 claude: model, fallback_model, output_format',
    ],
    answers: ['A registry maps names to processes.'],
    exit: 0,
    results: {explain: {text: 'A registry maps names to processes.', ok: true}},
    prompts: {1: ['You explain code to new colleagues.', 'Use short sentences.', 'Explain what a registry is.']},
    asked: 1,
  },
  {
    file: '031-claude-ignored-options.yaml',
    covers: ['§1.5 claude: ignored options', '§1.2 async_streaming, stream_handler, stream_buffer_size'],
    answers: ['Source turns into sand'],
    exit: 0,
    results: {haiku: {text: 'Source turns into sand', ok: true}},
    asked: 1,
  },
  {
    file: '032-gemini-budget.yaml',
    covers: ['§1.5 gemini: model, token_budget with numbers and numeric strings, timeout_ms, max_input_tokens'],
    answers: ['Ochre', 'A warm yellow of the earth.'],
    exit: 0,
    results: {short: {text: 'Ochre'}, long: {text: 'A warm yellow of the earth.'}},
    prompts: {2: ['Ochre']},
    asked: 2,
  },
  {
    file: '033-gemini-functions.yaml',
    covers: ['§1.5 gemini: functions, tools', '§1.3 gemini_functions', '§1.7 extract of merged fields'],
    answers: [
      {json: {issues: [{line: 4, title: 'Month 13 is accepted'}], verdict: 'broken'}},
      {json: {owner: 'Ines'}},
      'Dear Ines, …',
    ],
    exit: 0,
    results: {
      inspect: {data: {verdict: 'broken', issues: [{line: 4, title: 'Month 13 is accepted'}]}},
      assign: {data: {owner: 'Ines'}},
      mail: {text: 'Dear Ines, …'},
    },
    prompts: {2: ['Month 13 is accepted'], 3: ['Ines', 'Month 13 is accepted']},
    without: {2: ['"verdict"']},
    asked: 3,
  },
  {
    file: '034-gemini-instructor.yaml',
    covers: ['§1.5 gemini_instructor: text, analysis, summary; model, timeout_ms, output_to_file, schema'],
    answers: [
      {json: {text: 'Three timeouts.', analysis: 'The network was slow.', summary: 'Slow network, one restart.'}},
      {json: {score: 8}},
    ],
    exit: 0,
    results: {
      read_log: {data: {summary: 'Slow network, one restart.'}, ok: true},
      rate: {data: {score: 8}},
      alarm: {text: 'alarm at 8'},
    },
    prompts: {2: ['Slow network, one restart.']},
    without: {2: ['The network was slow.']},
    asked: 2,
    written: {'outputs/log.json': ['"summary"', 'Slow network, one restart.']},
  },
  {
    file: '035-parallel-claude.yaml',
    covers: [
      '§1.5 parallel_claude: parallel_tasks with id, prompt, claude_options, output_to_file; combined_results',
      'choice: the file of a task is written; combined_results is the text of all',
    ],
    answers: byWord([
      ['Which of these', 'The token first.'],
      ['Answer this reviewer', 'It is sorted once now.'],
      ['for security', 'Tokens must not be logged.'],
      ['for speed', 'Sort once.'],
      ['for style', 'Use names that tell.'],
    ]),
    exit: 0,
    results: {
      reviews: {
        ok: true,
        text: expect.stringMatching(/## security[^]*## speed[^]*## style/),
        data: {
          security: {text: 'Tokens must not be logged.', ok: true},
          speed: {text: 'Sort once.', ok: true},
          style: {text: 'Use names that tell.', ok: true},
        },
      },
      first_of_all: {text: 'Tokens must not be logged.'},
    },
    prompts: {4: ['Tokens must not be logged.', 'Sort once.', 'Use names that tell.'], 5: ['Sort once.']},
    without: {5: ['Use names that tell.']},
    asked: 5,
    written: {
      'outputs/reviews.md': ['## security', 'Sort once.'],
      'outputs/security.md': ['Tokens must not be logged.'],
    },
  },
  {
    file: '036-smart-presets.yaml',
    covers: ['§1.6 presets', '§1.5 claude_smart: preset, environment_aware', '§1.3 environment.mode'],
    answers: ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'],
    exit: 0,
    results: {
      develop: {text: 'a1'},
      produce: {text: 'a2'},
      analyse: {text: 'a3'},
      talk: {text: 'a4'},
      probe: {text: 'a5'},
      dream: {text: 'a6'},
      by_environment: {text: 'a7'},
    },
    prompts: {3: ['P3: analyse the cache.', 'Mention the worst case.']},
    asked: 7,
  },
  {
    file: '037-extract-formats.yaml',
    covers: ['§1.12 text, json, structured, markdown, summary', '§1.5 use_content_extractor, include_metadata'],
    answers: [
      'Plain words.',
      'Here it is:\n```json\n{"parts": [{"name": "wing"}, {"name": "tail"}]}\n```\n',
      'First a wing.\nThen a tail.',
      'It flies.',
      'The bird flies over the hill in the morning and TURNS-AT-THE-END.',
      'Yes.',
    ],
    exit: 0,
    results: {
      plain: {text: 'Plain words.'},
      facts: {data: {parts: [{name: 'wing'}, {name: 'tail'}]}},
      outline: {text: expect.stringMatching(/^#[^]*First a wing\./)},
      page: {text: expect.stringMatching(/^#[^]*It flies\./)},
      brief: {text: expect.stringMatching(/^The bird flies/)},
    },
    prompts: {6: ['tail', 'The bird flies']},
    without: {6: ['TURNS-AT-THE-END']},
    asked: 6,
  },
  {
    file: '038-extract-post-processing.yaml',
    covers: ['§1.12 post_processing: each kind, an unknown one, and over JSON', 'choice: data stays the JSON'],
    answers: [
      'It starts. It waits. It works.\n\n- I recommend a timeout.\n- See https://example.org/start\n\n```sh\n./start --now\n```',
      {json: {warnings: 2, notes: ['no timeout', 'no log']}},
    ],
    exit: 0,
    results: {
      harvest: {text: expect.stringMatching(/I recommend a timeout[^]*\.\/start --now/), ok: true},
      numbers: {data: {warnings: 2, notes: ['no timeout', 'no log']}},
      check: {text: '2 warnings'},
    },
    asked: 2,
  },
  {
    file: '039-extract-schema.yaml',
    covers: ['§1.5 claude_extract: schema', '§5.2 one repair'],
    answers: ['Ida and Max were there.', {json: {names: ['Ida', 'Max']}}],
    exit: 0,
    results: {people: {data: {names: ['Ida', 'Max']}}, invite: {text: 'Invite Ida of 2'}},
    asked: 2,
  },
  {
    file: '039-extract-schema.yaml',
    covers: ['§1.5 claude_extract: schema, missed twice'],
    answers: ['Ida and Max were there.', 'As I said: Ida and Max.'],
    exit: 3,
    says: ['people'],
    asked: 2,
  },
  {
    file: '040-batch.yaml',
    covers: ['§1.5 claude_batch: batch_config, tasks with task_id, prompt as list and string, file'],
    files: {'options.txt': '--verbose tells more\n'},
    answers: byWord([
      ['A title for a page', 'Start here'],
      ['Join the sections', 'One page.'],
      ['an introduction', 'Welcome.'],
      ['a usage section', 'Run it.'],
      ['--verbose tells more', 'It can tell more.'],
    ]),
    exit: 0,
    results: {
      describe: {
        ok: true,
        data: {
          intro: {text: 'Welcome.', ok: true},
          usage: {text: 'Run it.', ok: true},
          options: {text: 'It can tell more.', ok: true},
        },
      },
    },
    prompts: {4: ['Welcome.'], 5: ['Welcome.', 'Run it.', 'It can tell more.']},
    without: {4: ['Run it.']},
    asked: 5,
    written: {'outputs/described.md': ['## intro', 'Welcome.', '## options', 'It can tell more.']},
  },
  {
    file: '041-batch-historical.yaml',
    covers: [
      '§1.5 claude_batch: id, claude_options and output_to_file of a task, previous_response inside a task, step prompt',
      'choice: a task without a prompt gets the prompt of the step and its own fields',
    ],
    answers: (prompt) => {
      if (prompt.includes('Pick a subject')) return 'Bridges'
      if (prompt.includes('A joke about this')) return prompt.includes('Bridges') ? 'Ha.' : 'A joke about what?'
      return prompt.includes('explain it to a beginner') && prompt.includes('queues') ? 'First in, first out.' : 'What?'
    },
    exit: 0,
    results: {batch: {data: {joke: {text: 'Ha.'}, lesson: {text: 'First in, first out.'}}}},
    asked: 3,
    written: {'outputs/joke.txt': ['Ha.']},
  },
  {
    file: '042-batch-prompts.yaml',
    covers: ['§1.5 claude_batch: prompts', 'choice: each entry is a task of its own'],
    answers: byWord([
      ['Which is better', 'The second.'],
      ['about rain', 'Drops on the window'],
      ['about snow', 'White without a sound'],
    ]),
    exit: 0,
    results: {haikus: {ok: true}, best: {text: 'The second.'}},
    prompts: {3: ['Drops on the window', 'White without a sound']},
    asked: 3,
  },
  {
    file: '043-robust-retry.yaml',
    covers: ['§1.14 claude_robust: retry', 'choice: an empty answer is a failure that is tried again'],
    answers: ['', 'Eight legs.'],
    exit: 0,
    results: {answer: {text: 'Eight legs.', ok: true}, check: {text: 'right'}},
    asked: 2,
  },
  {
    file: '044-robust-fallbacks.yaml',
    covers: [
      '§1.14 claude_robust: graceful_degradation, use_cached_response, simplified_prompt, emergency_response, unknown',
      '§1.14 backoff: linear, fixed, exponential',
      'choice: without a cache, or with a model silent to the simpler prompt, it degrades too',
    ],
    answers: (prompt) => (prompt.includes('Write the report') ? 'The report.' : ''),
    exit: 0,
    results: {
      graceful: {ok: false, degraded: true},
      cached: {ok: false, degraded: true},
      simple: {ok: false, degraded: true},
      emergency: {ok: false, degraded: true},
      unknown_action: {ok: false, degraded: true},
      report: {text: 'The report.', ok: true},
    },
  },
  refused('045-robust-wrong-config.yaml', ['§1.14 invalid retry_config'], 'backoff_strategy'),
  {
    file: '049-enhanced-options.yaml',
    covers: ['§1.6 all options', 'choice: no permission mode gives more than the run allows, and none stops it'],
    answers: ['On shelf 4.', 'On shelf 5.', 'Beside the first.', 'Nobody.'],
    exit: 0,
    results: {
      full: {text: 'On shelf 4.'},
      camel: {data: {bees: {text: 'On shelf 5.'}}},
      plan_mode: {text: 'Beside the first.'},
      bypass: {text: 'Nobody.', ok: true},
    },
    prompts: {1: ['You are a careful librarian.', 'Never guess a title.', 'O1: find the book about bees.']},
    asked: 4,
  },
  {
    file: '050-hooks-servers-agents.yaml',
    covers: ['§1.6 mcp_servers, hooks, agents, agent', 'choice: nothing of it is started'],
    answers: ['Those for empty input.'],
    exit: 0,
    results: {equipped: {text: 'Those for empty input.'}},
    asked: 1,
  },
]

const otherSteps: readonly CorpusCase[] = [
  {
    file: '046-set-variable.yaml',
    covers: ['§1.5 set_variable: variables, scope, variable and value', '§1.8 variable scopes, types are kept'],
    exit: 0,
    results: {
      start: {data: {counter: 1, ratio: 0.5, done: false, tags: ['a', 'b'], owner: {name: 'Ada', team: {size: 3}}}},
      session: {data: {copy: ['a', 'b'], label: 'Inventory of Ada'}},
      loop_scope: {data: {size: 3}},
      old_form: {data: {verdict: 'fine'}},
      again: {data: {counter: 2}},
      all: {text: '2 0.5 false b Inventory of Ada 3 fine'},
    },
    asked: 0,
  },
  {
    file: '047-codebase-query.yaml',
    covers: ['§1.5 codebase_query: each query', 'choice: criteria are type, name, of and to'],
    files: {
      'mix.exs':
        'defmodule Shop.MixProject do\n  use Mix.Project\n  def project, do: [app: :shop, version: "0.1.0"]\nend\n',
      'lib/cart.ex':
        'defmodule Shop.Cart do\n  alias Shop.Price\n\n  def total(items) do\n    items |> Enum.map(&Price.of/1) |> Enum.sum()\n  end\nend\n',
      'lib/price.ex': 'defmodule Shop.Price do\n  def of(item), do: item.price\nend\n',
    },
    answers: ['It adds the prices.', 'The cart.'],
    exit: 0,
    results: {code: {ok: true, data: {sources: expect.anything(), totals: expect.anything()}}},
    prompts: {1: ['total', 'lib/cart.ex'], 2: ['lib/cart.ex']},
    asked: 2,
  },
  {
    file: '048-echo.yaml',
    covers: ['§1.5 test_echo: value of any type', '§1.8 the whole step is filled, at any depth'],
    exit: 0,
    results: {
      text: {text: 'plain text', ok: true},
      number: {data: 12.5},
      flag: {data: false},
      list: {data: [1, 'two', {three: 3}]},
      map: {data: {a: {b: ['c']}}},
      filled: {data: {name: 'plain text', third: 3, deep: ['c']}},
    },
    asked: 0,
  },
  {
    file: '118-echo-fails.yaml',
    covers: ['§1.5 test_echo: __FAIL__'],
    exit: 2,
    says: ['stop_sign'],
    asked: 0,
  },
]

const promptParts: readonly CorpusCase[] = [
  {
    file: '051-string-prompts.yaml',
    covers: ['§1.7 string prompt, strings in a list', '§5.1 prompt_parts'],
    answers: ['Elbe', 'North Sea', 'Cuxhaven'],
    exit: 0,
    results: {one: {text: 'Elbe'}, three: {text: 'Cuxhaven'}},
    prompts: {1: ['Name a river.\nOne word.'], 2: ['Name the sea', 'Elbe'], 3: ['Name a harbour', 'North Sea']},
    asked: 3,
  },
  {
    file: '052-file-part.yaml',
    covers: [
      '§1.7 file part',
      '§5.4 looked for in the current folder, then in the workspace',
      'choice: variables fill {NAME}',
    ],
    files: {
      'lib/clock.ex': 'defmodule Clock do\n  def tick, do: {{:ok, 1}, :again}\nend\n',
      'workspace/rules.md': '- Every public function has a doc.\n',
      'prompts/letter.txt': 'Dear {RECIPIENT},\nplease read what was said about {MODULE} and {NOTHING_ELSE}.\n',
    },
    answers: ['tick has no doc.', 'Dear night shift, …'],
    exit: 0,
    prompts: {
      1: ['Review this module', 'def tick, do: {{:ok, 1}, :again}', 'Every public function has a doc.'],
      2: ['the night shift', 'Clock', '{NOTHING_ELSE}', 'tick has no doc.'],
    },
    without: {2: ['{RECIPIENT}', '{MODULE}']},
    asked: 2,
  },
  refused('053-missing-file.yaml', ['§1.7 file that is not there'], 'lib/absent.ex'),
  refused('054-file-outside.yaml', ['§1.7 file outside of the folder'], 'outside.txt'),
  {
    file: '055-previous-response.yaml',
    covers: ['§1.7 previous_response without extract, of data, of a skipped step', '§5.1 name for step'],
    answers: ['A white tower on a cliff.', 'Lighthouse, 31 metres'],
    exit: 0,
    results: {never_built: {skipped: true}, sign: {text: 'Lighthouse, 31 metres'}},
    prompts: {2: ['A white tower on a cliff.', '"height_m"', '1902']},
    without: {2: ['input_tokens', '"usd"', '"cost"']},
    asked: 2,
  },
  {
    file: '056-extract.yaml',
    covers: [
      '§1.7 extract: path, array index, map, strict: false',
      '§5.4 a path into text that is JSON',
      'choice: what is missing under strict: false does not stop the run',
    ],
    answers: [
      {json: {owner: {name: 'Olga'}, beds: [{plants: []}, {plants: [{name: 'leek'}, {name: 'chard'}]}]}},
      '{"tool": {"brand": "Ferro", "length": 90}}',
      'leek, Olga, Ferro',
    ],
    exit: 0,
    results: {order: {text: 'leek, Olga, Ferro'}},
    prompts: {3: ['leek', '"name"', 'Olga', 'Ferro']},
    without: {3: ['chard', '"length"']},
    asked: 3,
  },
  refused('057-extract-missing.yaml', ['§1.7 extract of a missing field, strict by default'], 'missing_field'),
  {
    file: '058-session-parts.yaml',
    covers: ['§1.7 session_context, claude_continue', 'choice: session_id is the session_name of an earlier step'],
    answers: ['Good morning, friend of bells.', 'The foxglove.', 'In June.'],
    exit: 0,
    results: {go_on: {text: 'In June.'}},
    prompts: {
      2: ['My favourite flower is the foxglove', 'Good morning, friend of bells.', 'Which flower was it?'],
      3: ['My favourite flower is the foxglove', 'Good morning, friend of bells.', 'And when does it bloom?'],
    },
    asked: 3,
  },
  {
    file: '059-variable-part.yaml',
    covers: ['§1.7 variable part', 'choice: it finds variables, inputs and what set_variable set'],
    inputs: {question: 'Where is the key?'},
    answers: ['Under the mat.'],
    exit: 0,
    prompts: {1: ['dry', 'Where is the key?', '"lines"', '150']},
    asked: 1,
  },
  {
    file: '068-previous-in-template.yaml',
    covers: [
      '§1.8 {{previous_response}}, {{previous_response:step}}',
      'choice: the step just before, and the named one',
    ],
    answers: ['Oak', 'Jay', 'Once upon a time'],
    exit: 0,
    prompts: {2: ['Oak'], 3: ['Oak', 'Jay']},
    asked: 3,
  },
]

const templates: readonly CorpusCase[] = [
  {
    file: '060-template-functions.yaml',
    covers: ['§1.8 rule 1: every function, division by zero, an unknown function'],
    exit: 0,
    results: {
      results: {
        data: {
          product: 42,
          sum: 15,
          difference: 6,
          quotient: 2.5,
          by_zero: 0,
          highest: 7,
          lowest: 3,
          rounded: 3,
          floored: 2,
          ceiled: 3,
          sentence: '3 of 10',
        },
      },
      unknown: {text: '{{juggle(1, 2)}}'},
    },
    asked: 0,
    diagnostics: ['template-unresolved'],
  },
  {
    file: '061-template-steps.yaml',
    covers: [
      '§1.8 rule 4: text, content, response, output, result, bare names, text that is JSON, path into plain text',
    ],
    answers: ['Lantern', {json: {colour: 'red', sizes: [3, 5]}}, '{"rank": 4}'],
    exit: 0,
    results: {
      texts: {
        data: values(['whole', 'bare', 'text', 'content', 'response', 'output', 'result', 'below'], 'Lantern'),
      },
      objects: {
        data: {
          whole: {colour: 'red', sizes: [3, 5]},
          result: {colour: 'red', sizes: [3, 5]},
          inside: 'red',
          result_inside: 5,
          bare_inside: 3,
          ok: true,
          rank: 4,
          embedded: expect.stringMatching(/^sizes: \[\s*3,\s*5\s*\]$/),
        },
      },
    },
    asked: 3,
  },
  {
    file: '062-template-arithmetic.yaml',
    covers: ['§1.8 rule 5: + - * / %, decimals, three operands', 'choice: a name with a hyphen is a name'],
    exit: 0,
    results: {
      results: {
        data: {
          next: 5,
          bare: 3,
          cost: 10,
          half: 2,
          three: 7,
          rest: 2,
          pages: 30,
          depth: 'deep',
          text: 'page 5 of 120',
        },
      },
    },
    asked: 0,
  },
  {
    file: '063-template-values.yaml',
    covers: ['§1.8 rules 6 and 7', '§1.8 typed mode, everywhere', '§5.3 null and lists inside text'],
    answers: ['Both.'],
    exit: 0,
    results: {
      typed: {
        data: {
          map: {name: 'Grace', langs: ['cobol', 'flow-matic'], pet: null},
          list: ['cobol', 'flow-matic'],
          number: 3,
          flag: true,
          none: null,
          first: 'cobol',
        },
      },
      inside: {text: '[] 3/true by Grace'},
    },
    prompts: {1: ['"cobol"', '"flow-matic"']},
    asked: 1,
  },
  {
    file: '064-template-missing.yaml',
    covers: ['§1.8 rules 2, 3, 4, 6 and 7 without a value: the text stays'],
    answers: ['Who knows.'],
    exit: 0,
    results: {
      input: {text: 'I {{inputs.ghost}}'},
      global: {text: 'G {{global_vars.ghost}}'},
      step: {text: 'S {{steps.ghost.text}}'},
      field: {text: 'F {{steps.data.ghost}}'},
      by_state: {text: 'V {{state.ghost}}'},
      bare: {text: 'B {{ghost}}'},
    },
    prompts: {1: ['{{ghost_topic}}', 'yes']},
    asked: 1,
    diagnostics: ['template-unresolved'],
  },
  {
    file: '065-braces.yaml',
    covers: ['§1.8 JSON braces, tuples, {VAR}, ${ENV}, Handlebars, {if}'],
    answers: ['{}'],
    exit: 0,
    prompts: {
      1: [
        'JSON',
        '{"items": [{"id": 1, "tags": {"a": {}}}]}',
        '{{"a": 1}}',
        '{:ok, {{:error, reason}, 2}}',
        '%{a: %{b: 1}}',
        '{NAME}',
        '${HOME}',
        '${{ secrets.DEPLOY_KEY }}',
        '{{#each items}} - {{/each}} {{#if ready}}x{{/if}} {{> footer}}',
        '{% raw %}{{ }}{% endraw %} {if premium}thanks{endif}',
      ],
    },
    asked: 1,
  },
  {
    file: '066-built-ins.yaml',
    covers: ['§1.8 {{timestamp}}, {{date}}, {{workflow.name}}', '§5.3 step.name, execution_id'],
    answers: ['I am.'],
    exit: 0,
    results: {
      when: {text: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d/)},
      day: {text: expect.stringMatching(/^day \d{4}-\d\d-\d\d$/)},
      who: {text: 'built_ins/who'},
      run: {text: expect.stringMatching(/^run [^{}]+\.$/)},
    },
    prompts: {1: ['built_ins']},
    asked: 1,
    written: {'outputs/built_ins.md': ['I am.']},
  },
  {
    file: '067-not-filled-twice.yaml',
    covers: ['§5.3 what was put in is not read again', '§1.7 no templates in files'],
    inputs: {remark: 'remark {{global_vars.codeword}}'},
    files: {'notes.txt': 'file {{global_vars.codeword}}\n'},
    answers: ['model {{global_vars.codeword}} {{inputs.remark}}', 'Odd.'],
    exit: 0,
    results: {echo: {text: 'model {{global_vars.codeword}} {{inputs.remark}}'}},
    prompts: {
      2: ['model {{global_vars.codeword}}', 'remark {{global_vars.codeword}}', 'file {{global_vars.codeword}}'],
    },
    without: {2: ['heliotrope']},
    asked: 2,
  },
  {
    file: '069-expressions-in-templates.yaml',
    covers: ['§1.8 comparison, ternary, pipes', '§5.3 one language for templates and conditions'],
    exit: 0,
    results: {
      results: {data: {more: 'many', fewer: 'few', equal: true, upper: 'HELLO WORLD', size: 3, total: 6}},
    },
    asked: 0,
  },
]

const conditions: readonly CorpusCase[] = [
  {
    file: '070-condition-operators.yaml',
    covers: ['§1.9 operators, operands, .length', 'choice: what is missing equals null and is in no order'],
    exit: 0,
    results: outcomes(
      `eq eq_float eq_text eq_double_quotes eq_true eq_null missing_null ne gt lt ge gt_text contains_text
        contains_list matches between length_list length_text length_map`,
      'eq_strict missing_step ne_not gt_not le_not gt_mixed contains_not matches_not between_not',
    ),
    asked: 0,
  },
  {
    file: '071-condition-combined.yaml',
    covers: ['§1.9 and, or, not, lists, booleans, null', 'choice: the words true and false are booleans'],
    exit: 0,
    results: outcomes('and or not nested list yes nothing word_true', 'and_not or_not not_not list_not no word_false'),
    asked: 0,
  },
  {
    file: '072-condition-text-functions.yaml',
    covers: ['§1.9 functions of text and of time', 'choice: a comma in quotes separates nothing'],
    exit: 0,
    results: outcomes(
      'contains comma matches length starts ends lower upper trim now durations',
      'contains_not starts_not',
    ),
    asked: 0,
  },
  {
    file: '073-condition-list-functions.yaml',
    covers: ['§1.9 functions of lists and of numbers'],
    exit: 0,
    results: outcomes(
      `any any_item all count sum average min max empty length contains abs round floor ceil sqrt pow
        between`,
      'any_not all_not empty_not between_not',
    ),
    asked: 0,
  },
  {
    file: '074-condition-values.yaml',
    covers: [
      '§1.9 truthiness, hyphens, templates inside, indices',
      'choice: steps., state., globals and inputs are seen; an unquoted template is its value',
    ],
    exit: 0,
    results: outcomes(
      `zero word hyphens hyphen_field index dotted_index prefix by_state bare_variable global template_number
        template_quoted template_bare`,
      'blank list map off absent template_whole',
    ),
    asked: 0,
  },
  {
    file: '074-condition-values.yaml',
    covers: ['§1.9 templates inside, with another input'],
    inputs: {mode: 'slow'},
    exit: 0,
    results: outcomes('template_number', 'template_quoted template_bare'),
    asked: 0,
  },
  {
    file: '075-condition-arithmetic.yaml',
    covers: ['§1.9 arithmetic, no spaces', 'choice: and, or, not, !, &&, || and parentheses mean what they say'],
    exit: 0,
    results: outcomes(
      'minus precedence share even by_zero text_number tight word_and word_or word_not signs between_and',
      'share_not word_and_not',
    ),
    asked: 0,
  },
  {
    file: '076-condition-on-answers.yaml',
    covers: ['§1.9 conditions on text, and on text that is JSON', '§1.9 skipped results'],
    answers: ['APPROVED, well done', '{"score": 9}', 'Merged.'],
    exit: 0,
    results: {
      merge_note: {text: 'Merged.'},
      return_note: {skipped: true},
      after_return: {text: 'nothing went back'},
    },
    asked: 3,
  },
  {
    file: '076-condition-on-answers.yaml',
    covers: ['§1.9 conditions on text, the other branch'],
    answers: ['RETURNED, a test is missing', '{"score": 9}', 'It goes back.'],
    exit: 0,
    results: {merge_note: {skipped: true}, return_note: {text: 'It goes back.'}, after_return: {skipped: true}},
    asked: 3,
  },
  refused('077-condition-unknown-function.yaml', ['§1.9 unknown function'], 'sparkle'),
]

const words: Readonly<Record<string, string>> = {
  house: 'Haus',
  tree: 'Baum',
  river: 'Fluss',
  cloud: 'Wolke',
  stone: 'Stein',
  bread: 'Brot',
  window: 'Fenster',
  garden: 'Garten',
  candle: 'Kerze',
  button: 'Knopf',
  ladder: 'Leiter',
  pencil: 'Bleistift',
}

const loops: readonly CorpusCase[] = [
  {
    file: '078-for-each.yaml',
    covers: [
      '§1.10 for_loop: iterator, loop.index (from 0), total, first, last',
      '§5.4 inner results stay visible with their last value',
    ],
    answers: ['Alpha is fine.', 'A', 'Beta is odd.', 'C', 'All in all: odd.'],
    exit: 0,
    results: {
      each_file: {
        ok: true,
        data: {
          total: 2,
          completed: 2,
          ok: true,
          iterations: [
            {
              index: 0,
              ok: true,
              item: {path: 'lib/alpha.ex'},
              results: {
                place: {where: '0 of 2', first: true, last: false},
                review: 'Alpha is fine.',
                grade: 'A',
              },
            },
            {
              index: 1,
              ok: true,
              item: {path: 'lib/beta.ex'},
              results: {place: {where: '1 of 2', first: false, last: true}, review: 'Beta is odd.', grade: 'C'},
            },
          ],
        },
      },
      last_review: {text: 'Beta is odd. / 1 of 2 / 2'},
    },
    prompts: {
      1: ['lib/alpha.ex', 'Ann'],
      2: ['Alpha is fine.'],
      3: ['lib/beta.ex', 'Ben'],
      4: ['Beta is odd.'],
      5: ['Alpha is fine.', 'Beta is odd.'],
    },
    asked: 5,
  },
  {
    file: '079-data-sources.yaml',
    covers: ['§1.10 data_source: name, step, step:path, previous_response:step:path, steps.x.y, template, list, empty'],
    answers: [{json: {report: {files: [{path: 'a.ex'}, {path: 'b.ex'}], none: []}}}],
    exit: 0,
    results: {
      by_variable: {data: {total: 2, completed: 2, iterations: [{item: 'Mars'}, {item: 'Venus'}]}},
      by_step: {data: {total: 3, iterations: [{item: 'p1'}, {item: 'p2'}, {item: 'p3'}]}},
      by_step_path: {data: {iterations: [{item: {path: 'a.ex'}}, {results: {s3: {seen3: 'b.ex'}}}]}},
      by_previous: {data: {iterations: [{item: {path: 'a.ex'}}, {results: {s4: {seen4: 'b.ex'}}}]}},
      by_dots: {data: {iterations: [{item: {path: 'a.ex'}}, {results: {s5: {seen5: 'b.ex'}}}]}},
      by_template: {data: {iterations: [{item: {path: 'a.ex'}}, {results: {s6: {seen6: 'b.ex'}}}]}},
      by_global: {data: {iterations: [{item: 'north'}, {results: {s7: {seen7: 'south'}}}]}},
      by_list: {data: {iterations: [{results: {s8: {seen8: 11}}}, {results: {s8: {seen8: 21}}}]}},
      by_nothing: {data: {total: 0, completed: 0, iterations: []}, ok: true},
    },
    asked: 1,
  },
  refused('080-unknown-data-source.yaml', ['§1.10 data_source that is nothing'], 'nowhere_at_all'),
  {
    file: '081-nested-loops.yaml',
    covers: [
      '§1.10 nested loops, iterator:field, loop.parent',
      'choice: loop.parent.NAME is the item of the outer loop',
    ],
    answers: ['Section one.', 'Section two.', 'Section three.'],
    exit: 0,
    results: {each_chapter: {data: {total: 2, completed: 2}}, end: {text: 'Advanced > Tuning: Section three.'}},
    prompts: {1: ['Install', 'Basics'], 2: ['First steps', 'Basics'], 3: ['Tuning', 'Advanced']},
    asked: 3,
  },
  {
    file: '082-parallel-loop.yaml',
    covers: ['§1.10 parallel, max_parallel, batch_size', '§5.2 ordered results'],
    answers: byWord(Object.entries(words)),
    exit: 0,
    results: {
      each_word: {
        data: {
          total: 12,
          completed: 12,
          iterations: Object.entries(words).map(([item, translate], index) => ({
            index,
            item,
            results: {translate, keep: {pair: `${item} = ${translate}`}},
          })),
        },
      },
      second: {text: 'Baum'},
    },
    asked: 12,
  },
  {
    file: '083-break-condition.yaml',
    covers: ['§1.10 break_condition after each item, on results and on loop; continue_condition'],
    answers: ['BAD.', 'GOOD!'],
    exit: 0,
    results: {
      try_each: {data: {completed: 2, iterations: [{item: 'Aster'}, {item: 'Birch'}]}},
      winner: {text: 'Birch after 2'},
      by_item: {data: {completed: 3, iterations: [{item: 1}, {item: 2}, {item: 3}]}},
      end: {data: 3},
    },
    asked: 2,
  },
  {
    file: '084-loop-goes-on.yaml',
    covers: ['§1.10 break_on_error: false'],
    answers: byWord([
      ['Atlantis', ''],
      ['Which of these', 'Turin.'],
      ['Oslo', 'A town on a fjord.'],
      ['Turin', 'A town below the Alps.'],
    ]),
    exit: 0,
    results: {
      each: {
        data: {
          total: 3,
          completed: 2,
          iterations: [
            {item: 'Oslo', ok: true, results: {describe: 'A town on a fjord.'}},
            {item: 'Atlantis', ok: false},
            {item: 'Turin', ok: true, results: {describe: 'A town below the Alps.'}},
          ],
        },
      },
      end: {text: 'Turin.'},
    },
  },
  {
    file: '085-loop-fails.yaml',
    covers: ['§1.10 break_on_error by default', 'choice: a loop that fails fails the run'],
    answers: byWord([
      ['Atlantis', ''],
      ['Oslo', 'A town on a fjord.'],
    ]),
    exit: 3,
    says: ['describe'],
  },
  {
    file: '086-while.yaml',
    covers: [
      '§1.10 while_loop on variables and on answers',
      'choice: a step inside sees the last result of its own name',
    ],
    answers: ['draft one', 'AGAIN, too long', 'draft two', 'AGAIN, too dry', 'draft three', 'READY'],
    exit: 0,
    results: {
      count_up: {data: {completed: 3}},
      counted: {data: 3},
      improve: {data: {completed: 2}},
      final: {text: 'draft three'},
    },
    prompts: {2: ['draft one'], 3: ['Improve this draft:', 'draft one'], 5: ['draft two'], 6: ['draft three']},
    asked: 6,
  },
  {
    file: '087-while-limits.yaml',
    covers: ['§1.10 max_iterations, false at entry, timeout_seconds'],
    answers: ['no', 'no', 'no'],
    exit: 0,
    results: {poll: {data: {completed: 3}}, not_at_all: {skipped: true}, end: {text: '3 rounds'}},
    asked: 3,
  },
  {
    file: '088-loop-sub-steps.yaml',
    covers: [
      '§1.10 condition and output_to_file of sub-steps, previous_response of loop',
      'choice: every step type may stand in a loop',
    ],
    files: {'workspace/blank.txt': 'label:\n'},
    answers: ['A short bolt.', 'A thick plate.', 'Mind your feet.'],
    exit: 0,
    results: {
      each: {data: {completed: 2, iterations: [{index: 0}, {index: 1, results: {warn: 'Mind your feet.'}}]}},
      warn: {text: 'Mind your feet.'},
      end: {text: 'IRON label of plate'},
    },
    prompts: {1: ['bolt'], 2: ['plate'], 3: ['Warn about the weight', 'plate']},
    asked: 3,
    written: {
      'outputs/parts/bolt.md': ['A short bolt.'],
      'outputs/parts/plate.md': ['A thick plate.'],
      'workspace/labels/bolt.txt': 'label:\n',
      'workspace/labels/plate.txt': 'label:\n',
    },
  },
  {
    file: '089-break-and-continue.yaml',
    covers: ['§1.5 break, continue', 'choice: they do what their names say'],
    answers: ['one', 'three'],
    exit: 0,
    results: {end: {text: 'three'}},
    asked: 2,
  },
]

const bugs = {
  B1: {id: 'B1', severity: 'low', age: 40, area: 'ui login'},
  B2: {id: 'B2', severity: 'high', age: 3, area: 'api'},
  B3: {id: 'B3', severity: 'high', age: 12, area: 'ui search'},
  B4: {id: 'B4', severity: 'medium', age: 7},
} as const

const transforms: readonly CorpusCase[] = [
  {
    file: '090-transform-chain.yaml',
    covers: [
      '§1.10b filter, map, sort, output_field',
      'choice: without output_field the value has the name of the step',
    ],
    answers: ['B2 first.'],
    exit: 0,
    results: {
      equal: {data: {high: [bugs.B2, bugs.B3]}},
      unquoted: {data: {high: [bugs.B2, bugs.B3]}},
      unequal: {data: {rest: [bugs.B4, bugs.B1]}},
      compared: {data: {middle: [bugs.B3, bugs.B4]}},
      containing: {data: {containing: [bugs.B1, bugs.B3]}},
      having: {data: {with_area: 3}},
      mapped: {data: {out: [{id: 'B2', severity: 3, age: 3, area: 'api', source: 'tracker'}]}},
      upper: {data: {out: [{id: 'b3', severity: 'high', area: 'UI SEARCH'}]}},
    },
    prompts: {1: ['B2', 'B3']},
    without: {1: ['ui login']},
    asked: 1,
  },
  {
    file: '091-transform-aggregates.yaml',
    covers: ['§1.10b aggregate: each function, field; output_format count and string; lazy'],
    exit: 0,
    results: {
      sum: {data: {out: 18}},
      average: {data: {out: 4.5}},
      count: {data: {out: 4}},
      max: {data: {out: 8}},
      min: {data: {out: 2}},
      first: {data: {out: 4}},
      last: {data: {out: 2}},
      unique: {data: {out: [4, 8, 2]}},
      field: {data: {out: 40}},
      lazy: {data: {out: 16}},
      counted: {data: {out: 4}},
      as_json: {ok: true},
      as_text: {data: {out: '18'}},
      unnamed: {data: {unnamed: 8}},
      enough: {text: '18 is enough, 8 at most'},
    },
    asked: 0,
  },
  {
    file: '092-transform-join-group.yaml',
    covers: [
      '§1.10b join (first match, merged over the item), group_by',
      'choice: left_field is the field of the item',
    ],
    exit: 0,
    results: {
      joined: {
        data: {
          rows: [
            {task: 'T1', person_id: 2, name: 'Max', room: 'R2'},
            {task: 'T2', person_id: 1, name: 'Ida', room: 'R1'},
            {task: 'T3', person_id: 2, name: 'Max', room: 'R2'},
          ],
        },
      },
      grouped: {data: {by_name: {Max: [{task: 'T1'}, {task: 'T3'}], Ida: [{task: 'T2'}]}}},
      load: {text: 'T3'},
    },
    asked: 0,
  },
  {
    file: '093-transform-sources.yaml',
    covers: [
      '§1.10b input_source: previous_response with and without path, context, variable, step; JSON of models',
      'choice: context:NAME is a variable of the run; filter with a field keeps the map or gives its list',
    ],
    answers: [
      {
        json: {
          report: {
            findings: [
              {file: 'lib/high.ex', severity: 'high'},
              {file: 'lib/low.ex', severity: 'low'},
            ],
          },
        },
      },
      '{"items": [1, 2, 3]}',
      'Repaired.',
    ],
    exit: 0,
    results: {
      whole: {data: {out: [1, 2, 3]}},
      path: {data: {out: [{file: 'lib/high.ex', severity: 'high'}]}},
      context: {data: {out: 18}},
      variable: {data: {out: ['c', 'b', 'a']}},
      step: {data: {out: 3}},
      from_text: {data: {out: 3}},
      repair: {text: 'Repaired.'},
    },
    prompts: {3: ['lib/high.ex', 'lib/low.ex']},
    asked: 3,
  },
]

const fileSteps: readonly CorpusCase[] = [
  {
    file: '094-files-copy-move-delete.yaml',
    covers: [
      '§1.10c copy, move, delete of a file and of a folder, list with a pattern',
      '§1.3 workspace_dir by default',
    ],
    files: {
      'workspace/in/report.txt': 'report\n',
      'workspace/in/draft.txt': 'draft\n',
      'workspace/in/numbers.csv': 'a,b\n',
      'workspace/old/junk.txt': 'junk\n',
      'workspace/cache/deep/x.bin': 'x',
    },
    answers: ['One report.'],
    exit: 0,
    results: {
      backup: {data: {operation: 'copy', ok: true}, ok: true},
      rename: {data: {operation: 'move', ok: true}},
      drop: {data: {operation: 'delete', ok: true}},
      drop_folder: {data: {operation: 'delete', ok: true}},
      look: {data: {operation: 'list', ok: true}},
    },
    prompts: {1: ['report.txt']},
    without: {1: ['numbers.csv', 'draft.txt']},
    asked: 1,
    written: {
      'workspace/in/report.txt': 'report\n',
      'workspace/backup/report.txt': 'report\n',
      'workspace/out/final.txt': 'draft\n',
    },
    absent: ['workspace/in/draft.txt', 'workspace/old/junk.txt', 'workspace/cache'],
  },
  {
    file: '095-files-validate.yaml',
    covers: [
      '§1.10c validate: each check',
      '§1.3 workspace_dir',
      'choice: must_exist: false allows that it is not there',
    ],
    files: {'delivery/readme.md': '# All of it\n', 'delivery/src/main.ex': 'IO.puts(1)\n'},
    answers: ['Well done.'],
    exit: 0,
    results: {check: {data: {operation: 'validate', ok: true}}, praise: {text: 'Well done.'}},
    asked: 1,
  },
  {
    file: '095-files-validate.yaml',
    covers: ['§1.10c validate: a check that fails'],
    files: {'delivery/readme.md': '#\n', 'delivery/src/main.ex': 'IO.puts(1)\n'},
    exit: 2,
    says: ['readme.md'],
    asked: 0,
  },
  {
    file: '096-files-convert.yaml',
    covers: ['§1.10c convert: csv_to_json, json_to_csv, yaml_to_json', 'choice: json_to_yaml works too'],
    files: {
      'data/people.csv': 'name,role\nAda,engineer\n"Lovelace, B.",reader\n',
      'data/rows.json': '[{"city": "Oslo", "land": "Norway"}, {"city": "Turin", "land": "Italy"}]\n',
      'data/settings.yaml': 'theme: dark\nplugins:\n  - clock\n',
    },
    exit: 0,
    results: {people: {data: {operation: 'convert', ok: true}}},
    asked: 0,
    written: {
      'data/people.json': ['"name"', '"Ada"', '"Lovelace, B."', '"reader"'],
      'data/rows.csv': ['city,land', 'Oslo,Norway', 'Turin,Italy'],
      'data/settings.json': ['"theme"', '"dark"', '"clock"'],
      'data/again/settings.yaml': ['theme: dark', '- clock'],
    },
  },
  refused('097-files-xml.yaml', ['§1.10c convert: xml_to_json'], 'xml_to_json'),
  {
    file: '098-files-stream.yaml',
    covers: ['§1.10c stream_copy, stream_process with each processor'],
    files: {
      'workspace/poem.txt': 'Rose\nThorn\n',
      'workspace/same.txt': 'As It Is\n',
      'workspace/upper.txt': 'Loud\nvoice\n',
      'workspace/lower.txt': 'QUIET\nVoice\n',
      'workspace/trim.txt': '  left\nright  \n',
      'workspace/replace.txt': 'one colour\ntwo colours\n',
    },
    exit: 0,
    results: {
      copy: {data: {operation: 'stream_copy', ok: true}},
      upper: {data: {operation: 'stream_process', ok: true}},
    },
    asked: 0,
    written: {
      'workspace/copy.txt': 'Rose\nThorn\n',
      'workspace/same.txt': 'As It Is\n',
      'workspace/upper.txt': 'LOUD\nVOICE\n',
      'workspace/lower.txt': 'quiet\nvoice\n',
      'workspace/trim.txt': ['left\nright'],
      'workspace/replace.txt': 'one color\ntwo colors\n',
    },
  },
  {
    ...refused('099-files-outside.yaml', ['§1.10c a path with .. out of the workspace'], 'stolen.txt'),
    files: {'workspace/in/a.txt': 'a\n'},
    absent: ['stolen.txt', '../stolen.txt'],
  },
  {
    ...refused('100-files-absolute.yaml', ['§1.10c an absolute path outside'], '/etc/hostname'),
    absent: ['workspace/host.txt'],
  },
  {
    file: '101-files-read-write.yaml',
    covers: ['§5.2 file: read and write', 'choice: path and content'],
    files: {'workspace/notes/today.md': 'milk, bread'},
    answers: ['Milk and bread.'],
    exit: 0,
    results: {before: {text: 'milk, bread'}, save: {data: {operation: 'write', ok: true}}},
    prompts: {1: ['milk, bread']},
    asked: 1,
    written: {'workspace/notes/better.md': 'Milk and bread.'},
  },
]

const article = `workflow:
  name: "article"
  steps:
    - name: "article"
      type: "claude"
      prompt:
        - type: "static"
          content: "Write {{inputs.length}} words about {{inputs.subject}}, tone {{global_vars.tone}}."
    - name: "meta"
      type: "test_echo"
      value:
        first_point: "{{inputs.points[0]}}"
        size: "{{inputs.length}}"
`

const leadingTo = (name: string, next: string): string => `workflow:
  name: "${name}"
  steps:
    - {name: "go", type: "pipeline", pipeline_file: "children/${next}.yaml"}
`

const nested: readonly CorpusCase[] = [
  {
    file: '102-nested-file.yaml',
    covers: [
      '§1.10d pipeline_file, inputs with their types, outputs as names and {path, as}, inherit_context, limits in config',
      '§1.10d steps.X.y and steps.X.result.y',
      '§1.8 rule 2',
    ],
    files: {'children/article.yaml': article},
    answers: ['About tides.', 'About storms.', 'The first.'],
    exit: 0,
    results: {
      child: {ok: true, data: {article: 'About tides.', meta: {first_point: 'moon', size: 200}}},
      picked: {data: {article: 'About storms.', lead: 'wind'}},
      end: {
        data: {by_name: 'About tides.', by_result: 'moon', size: 200, lead: 'wind', lead_too: 'wind'},
      },
    },
    prompts: {1: ['tides', 'calm'], 2: ['storms', '{{global_vars.tone}}'], 3: ['About tides.', 'About storms.']},
    asked: 3,
    diagnostics: ['template-unresolved'],
  },
  {
    file: '103-nested-inline.yaml',
    covers: [
      '§1.10d inline pipeline, bare and wrapped, one in another, inherit_context',
      '§1.1 inline pipeline: value',
    ],
    answers: ['A sturdy crate.', 'A teal vase.'],
    exit: 0,
    results: {
      bare: {data: {say: 'A sturdy crate.'}},
      wrapped: {data: {say: 'A teal vase.'}},
      russian_doll: {data: {inner: {number: 2}}},
      end: {text: 'A sturdy crate. / A teal vase. / 2'},
    },
    prompts: {1: ['a crate'], 2: ['teal']},
    asked: 2,
  },
  {
    ...refused('104-recursion.yaml', ['§1.10d a chain that leads back to itself'], 'loop_a'),
    files: {
      'children/loop_a.yaml': leadingTo('loop_a', 'loop_b'),
      'children/loop_b.yaml': leadingTo('loop_b', 'loop_a'),
    },
  },
  refused('105-nested-missing-file.yaml', ['§1.10d pipeline_file that is not there'], 'children/absent.yaml'),
  refused('106-pipeline-ref.yaml', ['§1.10d pipeline_ref'], 'pipeline_ref'),
  refused('107-nested-missing-output.yaml', ['§1.10d outputs that the child does not have'], 'summary_of_all'),
  refused('108-nested-depth.yaml', ['§1.10d max_depth', 'choice: it holds for all that is below'], 'depth'),
]

const lasting: readonly CorpusCase[] = [
  {
    file: '109-sessions.yaml',
    covers: ['§1.11 session_name, persist, continue_on_restart, checkpoint_frequency, description'],
    answers: ['What does Magpie collect?', 'Next, please.', 'Magpie.'],
    exit: 0,
    results: {opening: {text: 'What does Magpie collect?'}, answer: {text: 'Magpie.'}},
    prompts: {
      2: ['Ask the next visitor in.'],
      3: ['The parser is called Magpie.', 'What does Magpie collect?', 'It is written in Elixir.'],
    },
    without: {2: ['Magpie'], 3: ['next visitor', 'Next, please.']},
    asked: 3,
  },
  {
    file: '110-checkpoints.yaml',
    covers: ['§1.13 a run that ended well leaves nothing to go on from'],
    answers: ['sand, salt', 'salt, sand', 'The end.'],
    exit: 0,
    results: {third: {text: 'The end.'}},
    asked: 3,
    again: {
      answers: ['iron, gold', 'gold, iron', 'Another end.'],
      exit: 0,
      results: {third: {text: 'Another end.'}},
      asked: 3,
    },
  },
  {
    file: '110-checkpoints.yaml',
    covers: ['§1.13 a run that failed goes on where it stopped', 'choice: without asking anything twice'],
    answers: (prompt) => (prompt.includes('Stage one') ? 'sand, salt' : ''),
    exit: 3,
    says: ['second'],
    again: {
      answers: ['salt, sand', 'The end.'],
      exit: 0,
      results: {first: {text: 'sand, salt'}, third: {text: 'The end.'}},
      prompts: {1: ['Stage two', 'sand, salt'], 2: ['Stage three', 'salt, sand']},
      asked: 2,
    },
  },
]

const generated = 'Here it is:\n\n```yaml\nworkflow:\n  name: "tidy"\n  steps: []\n```'

const genesis: readonly CorpusCase[] = [
  {
    file: '111-genesis-chain.yaml',
    covers: [
      '§3.1 a chain of claude steps that hands over text',
      '§1.3 input',
      '§1.4 output_to_file with another ending',
    ],
    inputs: {pipeline_request: 'Sort my photographs by year'},
    answers: ['Purpose: order photographs.', 'Steps: read, group, write.', generated, 'VALID'],
    exit: 0,
    results: {create_pipeline: {text: generated}, validate_pipeline: {text: 'VALID', ok: true}},
    prompts: {
      1: ['Sort my photographs by year'],
      2: ['Purpose: order photographs.', '{name: ..., type: ..., prompt: [...]}'],
      3: ['Purpose: order photographs.', 'Steps: read, group, write.', '```yaml'],
      4: ['name: "tidy"'],
    },
    asked: 4,
    written: {'outputs/generated_pipeline.yaml': ['name: "tidy"']},
  },
  {
    file: '112-genesis-output.yaml',
    covers: ['§3.3 mock generator: bare, string prompts, {{input}}, {{steps.X.result}}, schema, prompts'],
    inputs: {input: 'A diary of a summer at the sea', focus: 'recurring themes'},
    answers: byWord([
      ['Summarise for a reader', 'Sea and sun.'],
      ['More about', 'It comes back on every page.'],
      ['Analyse this list', {json: {topics: ['swimming', 'weather'], mood: 'cheerful'}}],
      ['Read this and list', 'swims, storms, ice cream'],
    ]),
    exit: 0,
    results: {analyze: {data: {topics: ['swimming', 'weather'], mood: 'cheerful'}}, summarize: {text: 'Sea and sun.'}},
    prompts: {
      1: ['A diary of a summer at the sea'],
      2: ['recurring themes', 'swims, storms, ice cream'],
      5: ['cheerful', 'It comes back on every page.'],
    },
    asked: 5,
  },
  refused('113-genesis-inventions.yaml', ['§3 a type that a model invented'], 'vector_search'),
  {
    file: '114-genesis-synonyms.yaml',
    covers: [
      '§5.2 llm, llm_call, prompt, llm_analysis, pipeline_executor, file_write',
      'choice: without a provider it is Claude; file_write has path and content',
    ],
    answers: ['Delft', 'Blue tiles', 'Tiles', 'Yes'],
    exit: 0,
    results: {ask: {text: 'Delft'}, check: {text: 'Yes'}, stamp: {data: {stamped: '[Yes]'}}},
    prompts: {2: ['Delft'], 3: ['Blue tiles'], 4: ['Tiles']},
    asked: 4,
    written: {'workspace/town.txt': '[Yes]'},
  },
  {...refused('115-genesis-shell.yaml', ['§5.2 bash, off unless allowed'], 'shell'), absent: ['touched.txt']},
  refused('116-genesis-prose.yaml', ['§3.2 prose under steps:'], 'steps'),
  refused('117-functions-no-map.yaml', ['§1.2 gemini_functions is no map'], 'gemini_functions'),
]

export const corpus: readonly CorpusCase[] = [
  ...forms,
  ...workflowKeys,
  ...commonFields,
  ...modelSteps,
  ...otherSteps,
  ...promptParts,
  ...templates,
  ...conditions,
  ...loops,
  ...transforms,
  ...fileSteps,
  ...nested,
  ...lasting,
  ...genesis,
]
