import {defineConfig} from 'vitest/config'

/** `.ci/run` counts tests from here: `npm cit` hands no flags on. */
const counts = process.env['TEST_COUNTS']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // spawning the bundle takes a second each, and several on a loaded machine
    // vitest leaves one core free, which on a machine of two means that nothing runs beside anything
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: counts === undefined ? ['default'] : ['default', ['json', {outputFile: counts}]],
  },
})
