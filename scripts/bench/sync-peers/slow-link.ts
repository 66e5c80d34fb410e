import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on loopback that takes its time, without a bound on bytes. */
export interface SlowLink extends AsyncDisposable {
  readonly port: number
}

/** Connections to its port go to `target`, every byte `oneWayMs` later. */
export async function slowLink(target: number, oneWayMs: number): Promise<SlowLink> {
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ host: '127.0.0.1', port: target, noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from.on('data', bytes => setTimeout(() => to.writable && to.write(bytes), oneWayMs))
      from.on('error', () => {})
      from.on('close', () => {
        open.delete(from)
        setTimeout(() => to.destroy(), oneWayMs)
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
