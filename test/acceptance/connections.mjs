// Preloaded into the bundle: notes where it connects to by itself, a line each. What git does is not seen here.
import {appendFileSync} from 'node:fs'
import net from 'node:net'

const connect = Reflect.get(net.Socket.prototype, 'connect')
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  appendFileSync(process.env.CONNECTIONS, `${options?.host ?? 'localhost'}:${options?.port ?? options?.path}\n`)
  return connect.apply(this, args)
}
