/** Where the program's own files stand (pipelines/, gold/, dist/grammars/): the nearest folder above this file with an action.yml. */
import {existsSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

export const home: string = (() => {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'action.yml'))) return folder
    if (folder === dirname(folder)) return dirname(start)
  }
})()
