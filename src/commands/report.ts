import {resolve} from 'node:path'
import {readText} from '../adapters/disk.ts'
import {valueOf} from '../document.ts'
import {formatOf} from '../printing.ts'
import {renderHtml} from '../report/html.ts'
import {renderSummary} from '../report/markdown.ts'
import {parseReport} from '../report/report.ts'
import {renderTerminal} from '../report/terminal.ts'
import type {Command} from './command.ts'

export const report: Command = {
  summary: 'render a saved run again, offline',
  arguments: [{usage: '<run.json>', summary: 'what `plan --record` saved'}],
  options: [
    {flags: '--format <format>', summary: 'markdown, html or terminal', choices: ['markdown', 'html', 'terminal']},
  ],
  run: async ([file = ''], flags, world) => {
    const format = formatOf(flags, 'markdown')
    const saved = valueOf(
      parseReport(readText(resolve(world.cwd, file)), file),
      'report',
      'give a file that `plan --record` wrote',
    )
    if (format === 'html') world.print(renderHtml(saved))
    else if (format === 'terminal') world.print(renderTerminal(saved, {color: world.color}))
    else world.print(renderSummary(saved))
    return 0
  },
}
