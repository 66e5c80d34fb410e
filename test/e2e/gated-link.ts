import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a port on this machine that can be closed: whoever comes then is let in and hears nothing until it opens. */
export class GatedLink implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #opened: PromiseWithResolvers<void> | null = null

  private constructor(to: number) {
    this.#server = createServer(socket => void this.#carry(socket, to))
  }

  static async to(port: number): Promise<GatedLink> {
    const link = new GatedLink(port)
    link.#server.listen(0, '127.0.0.1')
    await once(link.#server, 'listening')
    return link
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#opened ??= Promise.withResolvers<void>()
  }

  open(): void {
    this.#opened?.resolve()
    this.#opened = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open()
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  async #carry(from: Socket, port: number): Promise<void> {
    this.#keep(from)
    await this.#opened?.promise
    const to = connect(port, '127.0.0.1')
    this.#keep(to)
    from.pipe(to).pipe(from)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
