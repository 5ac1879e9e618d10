import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {readText, writeInside} from '../adapters/disk.ts'
import {home} from '../adapters/home.ts'
import {configFile} from '../config.ts'
import {plainLine} from '../trust.ts'
import type {Command} from './command.ts'

/** What is written, and the file it starts as. */
const files = {
  '.github/workflows/refactor-plan.yml': 'examples/workflows/gate.yml',
  [configFile]: 'examples/start/refactor-plan.yml',
  'gold/self/gold.example.yaml': 'examples/start/gold.example.yaml',
} as const

export const init: Command = {
  summary: 'write a workflow, a configuration and the skeleton of a first gold standard; nothing is overwritten',
  arguments: [],
  options: [],
  run: async (_, __, world) => {
    for (const [to, from] of Object.entries(files)) {
      if (existsSync(join(world.cwd, to))) world.print(`kept  ${to}`)
      else {
        writeInside(world.cwd, to, readText(join(home, from)))
        world.print(`wrote ${to}`)
      }
    }
    world.say(
      plainLine(
        'next: pin the workflow to a commit of the Action, fill gold/self/gold.example.yaml and rename it to gold.yaml',
      ),
    )
    return 0
  },
}
