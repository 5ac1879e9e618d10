import {createServer, type IncomingMessage, type Server} from 'node:http'
import {handle, type Services} from './handlers.js'

const maxBody = 1024 * 1024

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > maxBody) throw new Error('body too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

export function serve(services: Services): Server {
  return createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await readBody(request)
      const {status, value} = await handle(services, {
        method: request.method ?? 'GET',
        url: new URL(request.url ?? '/', 'http://localhost'),
        tenant: String(request.headers['x-tenant'] ?? ''),
        body,
      })
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(value))
    }
    void answer().catch((error: unknown) => {
      console.error(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
}
