import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on loopback that takes its time. */
export interface SlowLink extends AsyncDisposable {
  readonly port: number
}

/** What a link is like, each way. */
export interface LinkQuality {
  readonly oneWayMs: number
  readonly mbitPerSecond: number
}

/** Connections to its port go to `target`, every byte `oneWayMs` after its turn on a line of that speed, which nothing gets lost on. */
export async function slowLink(target: number, quality: LinkQuality): Promise<SlowLink> {
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ host: '127.0.0.1', port: target, noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      const line = new Line(quality, bytes => to.writable && to.write(bytes))
      from.on('data', bytes => line.send(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        open.delete(from)
        setTimeout(() => to.destroy(), line.emptyInMs)
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

/** Bytes on their way in one direction, in their order. */
class Line {
  readonly #quality: LinkQuality
  readonly #arrive: (bytes: Uint8Array) => void
  readonly #underWay: { readonly bytes: Uint8Array; readonly at: number }[] = []
  #freeAt = 0
  #timer: NodeJS.Timeout | null = null

  constructor(quality: LinkQuality, arrive: (bytes: Uint8Array) => void) {
    this.#quality = quality
    this.#arrive = arrive
  }

  get emptyInMs(): number {
    return Math.max(this.#freeAt - performance.now(), 0) + this.#quality.oneWayMs
  }

  send(bytes: Uint8Array): void {
    const { oneWayMs, mbitPerSecond } = this.#quality
    this.#freeAt = Math.max(this.#freeAt, performance.now()) + (bytes.length * 8) / (mbitPerSecond * 1_000)
    this.#underWay.push({ bytes, at: this.#freeAt + oneWayMs })
    this.#timer ??= setTimeout(() => this.#deliver(), this.emptyInMs)
  }

  #deliver(): void {
    const now = performance.now()
    const arrived = this.#underWay.findIndex(({ at }) => at > now)
    for (const { bytes } of this.#underWay.splice(0, arrived < 0 ? this.#underWay.length : arrived)) this.#arrive(bytes)
    const [next] = this.#underWay
    this.#timer = next === undefined ? null : setTimeout(() => this.#deliver(), next.at - now)
  }
}
