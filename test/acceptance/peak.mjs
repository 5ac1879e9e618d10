// Preloaded into the bundle: writes down, when it ends, how much memory it had at most, in MiB.
import {writeFileSync} from 'node:fs'

process.on('exit', () => writeFileSync(process.env.PEAK, String(process.resourceUsage().maxRSS / 1024)))
