// Preloaded into the bundle: any socket, look-up or fetch ends the process with a code of its own. A child process would escape,
// so any but git is refused as well, and git has nothing to reach in these runs.
import child from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import {syncBuiltinESMExports} from 'node:module'
import net from 'node:net'
import tls from 'node:tls'

const refuse = (what) => () => {
  process.stderr.write(`NETWORK: ${what}\n`)
  process.exit(99)
}
net.Socket.prototype.connect = refuse('net.connect')
net.connect = net.createConnection = refuse('net.connect')
tls.connect = refuse('tls.connect')
dgram.createSocket = refuse('dgram')
dns.lookup = dns.resolve = refuse('dns')
dns.promises.lookup = dns.promises.resolve = refuse('dns')
globalThis.fetch = refuse('fetch')
for (const name of ['spawn', 'execFile', 'exec', 'fork', 'spawnSync', 'execFileSync', 'execSync']) {
  const real = child[name]
  child[name] = (command, ...rest) => {
    const args = Array.isArray(rest[0]) ? rest[0] : []
    if (command !== 'git' || args.some((arg) => /^(?:fetch|pull|push|clone|ls-remote|remote-.*)$/.test(arg)))
      refuse(`${name} ${command} ${args.join(' ')}`)()
    return real(command, ...rest)
  }
}
syncBuiltinESMExports()
