import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

/** A way to a node through which every byte is kept as it lies on the wire: what a packet capture at the peer would see. */
export class TcpRecorder implements AsyncDisposable {
  readonly chunks: Buffer[] = []
  readonly #server: Server
  readonly address: string

  private constructor(server: Server, chunks: Buffer[], peerId: string) {
    this.#server = server
    this.chunks = chunks
    this.address = `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}/p2p/${peerId}`
  }

  static async start(to: {
    readonly host: string
    readonly port: number
    readonly peerId: string
  }): Promise<TcpRecorder> {
    const chunks: Buffer[] = []
    const server = createServer(near => {
      const far = connect(to.port, to.host)
      far.on('data', (chunk: Buffer) => chunks.push(chunk))
      near.pipe(far).pipe(near)
      for (const socket of [near, far]) {
        socket.on('error', () => {
          near.destroy()
          far.destroy()
        })
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpRecorder(server, chunks, to.peerId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
  }
}
