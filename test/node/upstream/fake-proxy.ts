import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** A forward proxy on loopback and what it was asked for. */
export interface FakeProxy extends AsyncDisposable {
  readonly url: string
  /** Hosts it forwarded to, tunnels as `CONNECT host`. */
  readonly targets: readonly string[]
  /** Every authorization header it could read. */
  readonly read: readonly (string | undefined)[]
}

/** Starts a forward proxy that forwards http and tunnels the rest. */
export async function startFakeProxy(): Promise<FakeProxy> {
  const targets: string[] = []
  const read: (string | undefined)[] = []
  const server = createServer((asked, response) => {
    const url = new URL(asked.url!)
    targets.push(url.host)
    read.push(asked.headers.authorization)
    const forwarded = request(url, { headers: asked.headers }, answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    asked.pipe(forwarded)
  })
  server.on('connect', (asked, socket) => {
    const [host, port] = asked.url!.split(':')
    targets.push(`CONNECT ${asked.url}`)
    read.push(asked.headers.authorization)
    const there = connect(Number(port), host!, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    socket.on('error', () => there.destroy())
    there.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.close()
    server.closeAllConnections()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    read,
    [Symbol.asyncDispose]: close,
  }
}
