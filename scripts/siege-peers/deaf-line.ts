import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a node on which a peer can stop reading, down to the socket. */
export class DeafLine implements AsyncDisposable {
  readonly address: string
  readonly #server: Server
  readonly #sockets: { readonly near: Socket; readonly far: Socket }[]

  private constructor(address: string, server: Server, sockets: { readonly near: Socket; readonly far: Socket }[]) {
    this.address = address
    this.#server = server
    this.#sockets = sockets
  }

  static async to(address: string): Promise<DeafLine> {
    const [, , host = '', , port = '', , id = ''] = address.split('/')
    const sockets: { near: Socket; far: Socket }[] = []
    const server = createServer(near => {
      const far = connect(Number(port), host)
      sockets.push({ near, far })
      near.on('error', () => {}).pipe(far)
      far.on('error', () => {}).pipe(near)
      far.on('close', () => near.destroy())
      near.on('close', () => far.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new DeafLine(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}/p2p/${id}`, server, sockets)
  }

  /** What the node sends from now on stays in its sockets. */
  stopHearing(): void {
    for (const { near, far } of this.#sockets) {
      far.unpipe(near)
      far.pause()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { far } of this.#sockets) far.destroy()
    this.#server.close()
  }
}
