import {defineConfig} from 'vitest/config'

/** `.ci/run` counts tests from here: `npm cit` hands no flags on. */
const counts = process.env['TEST_COUNTS']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    // one more than the cores of a small machine: the acceptance suite waits for its children and for retries
    maxWorkers: 3,
    // of one file: each row is a process or two, and more at once only make each other late
    maxConcurrency: 2,
    // no test replaces a module or keeps state in one, so files of one worker share what they import: a third of the time
    isolate: false,
    // spawning the bundle takes a second each, and several on a loaded machine; a property with sixty runs takes as long
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: counts === undefined ? ['default'] : ['default', ['json', {outputFile: counts}]],
  },
})
