/** Node's own `fetch`, which GitHub's SDK and both models' are given, asks no proxy by itself. What git does it does alone. */
import {Failure} from '../errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * From here on every `fetch` of this process goes through the proxy that the environment names for its address, as git's do.
 * Without such a variable nothing is loaded and nothing changes.
 *
 * Node's `fetch` finds its dispatcher by a symbol that it shares with undici, its own implementation as a package; version 6
 * of it has the calls that Node 20 and 24 make.
 *
 * @returns whether there is a proxy; throws `Failure` `bad-proxy`, which does not repeat the address: it may hold a password
 */
export async function connectThroughProxy(environment: Environment): Promise<boolean> {
  const proxies = {'http:': addressIn(environment, 'http'), 'https:': addressIn(environment, 'https')}
  if (proxies['http:'] === null && proxies['https:'] === null) return false
  const {Agent, ProxyAgent, setGlobalDispatcher} = await import('undici')
  const through = (proxy: URL | null) => (proxy === null ? null : new ProxyAgent(proxy.href))
  const agents = {'http:': through(proxies['http:']), 'https:': through(proxies['https:'])}
  setGlobalDispatcher(
    new Agent().compose((direct) => (options, handler) => {
      const to = new URL(String(options.origin))
      const agent = to.protocol === 'http:' || to.protocol === 'https:' ? agents[to.protocol] : null
      return agent === null || isDirect(to, environment) ? direct(options, handler) : agent.dispatch(options, handler)
    }),
  )
  return true
}

/** The lower case wins, as for curl, and what is empty is not there. */
function valueOf(environment: Environment, name: string): {readonly name: string; readonly value: string} | null {
  const found = [name, name.toUpperCase()].find((each) => (environment[each] ?? '').trim() !== '')
  return found === undefined ? null : {name: found, value: (environment[found] ?? '').trim()}
}

/** Often given without a scheme, as `proxy.example:3128`. */
function addressIn(environment: Environment, scheme: 'http' | 'https'): URL | null {
  const given = valueOf(environment, `${scheme}_proxy`)
  if (given === null) return null
  const text = given.value.includes('://') ? given.value : `http://${given.value}`
  const address = URL.canParse(text) ? new URL(text) : null
  if (address !== null && /^https?:$/.test(address.protocol) && areReadable(address)) return address
  throw new Failure('bad-proxy', `${given.name} is not the address of a proxy`, {
    hint: 'give it as http://host:port or http://user:password@host:port, with % codes for other signs than letters and digits',
  })
}

function areReadable({username, password}: URL): boolean {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

/**
 * Whether `NO_PROXY` names the host: `*`, or names with commas or spaces between them, each of which stands for all below it
 * as well, with or without a dot or `*.` in front; a port after a colon restricts it to that port.
 */
export function isDirect(to: URL, environment: Environment): boolean {
  const list = valueOf(environment, 'no_proxy')?.value ?? ''
  const host = bare(to.hostname)
  const port = to.port === '' ? {'http:': '80', 'https:': '443'}[to.protocol] : to.port
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    // an IPv6 address without brackets is all name
    const [, name = entry, only] = /^(\[[^\]]*\]|[^:]+)(?::(\d+))?$/.exec(entry) ?? []
    const wanted = bare(name.replace(/^\*?\./, ''))
    if (wanted === '' || (only !== undefined && only !== port)) return false
    return host === wanted || host.endsWith(`.${wanted}`)
  })
}

/** IPv6 addresses have brackets in URLs and none in lists; a dot at the end names the same host. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
