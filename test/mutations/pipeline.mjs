/** What keeps a model's words from becoming those of a pipeline's author, and a run from doing more than it was allowed. */
const taint = ['test/pipeline/taint.test.ts']

export const pipelines = [
  {
    id: 'pipeline/inputs',
    file: 'src/pipeline/scope.ts',
    find: 'vouched: scope.vouchedInputs.has(name)}',
    replace: 'vouched: true}',
    guards: 'What a nested pipeline is given is as trusted as whoever gave it.',
    tests: taint,
  },
  {
    id: 'pipeline/results',
    file: 'src/pipeline/scope.ts',
    find: 'if (value !== undefined) return {value, vouched: false}',
    replace: 'if (value !== undefined) return {value, vouched: true}',
    guards: 'Results stand behind a fence.',
    tests: taint,
  },
  {
    id: 'pipeline/files',
    file: 'src/pipeline/steps/llm.ts',
    find: 'part.trusted ?? (!hasWords && file.isOwn)',
    replace: 'part.trusted ?? !hasWords',
    guards: 'A file that a model may have written is no word of the author.',
    tests: taint,
  },
  {
    id: 'pipeline/tools',
    file: 'src/pipeline/tools.ts',
    find: 'allowed.includes(name) && ',
    replace: '',
    guards: 'A model uses only the tools that its step gives it.',
    tests: ['test/pipeline/tools.test.ts'],
  },
  {
    id: 'pipeline/cancel',
    file: 'src/pipeline/execute.ts',
    find: ' && !endsRun.includes(thrown.code)',
    replace: '',
    guards: 'No step shrugs off that the run is cancelled or the budget spent.',
    tests: [
      'test/pipeline/set.test.ts',
      'test/pipeline/steps.test.ts',
      'test/pipeline/loop.test.ts',
      'test/pipeline/map.test.ts',
    ],
  },
]
