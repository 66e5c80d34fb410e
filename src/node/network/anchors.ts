import { z } from 'zod'
import type { PeerAddress } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'

const schema = z.strictObject({
  version: z.literal(1),
  peers: z.array(z.strictObject({ peer: z.string(), addresses: z.array(z.string()).max(8) })).max(16),
})

/**
 * Peers that served well before this start, to be dialled first: who restarts a node from outside gains no chance to surround it.
 * A convenience: what cannot be read is as good as none, and is written anew.
 */
export class Anchors {
  readonly #path: string
  #peers: readonly PeerAddress[]
  #last: Promise<void> = Promise.resolve()

  private constructor(path: string, peers: readonly PeerAddress[]) {
    this.#path = path
    this.#peers = peers
  }

  static async open(path: string): Promise<Anchors> {
    const read = await readJsonFile(path, schema).catch(() => null)
    const peers = read?.peers.map(({ peer, addresses }) => ({ peer: peer as PeerId, addresses })) ?? []
    return new Anchors(path, peers)
  }

  all(): readonly PeerAddress[] {
    return this.#peers
  }

  /** None is no reason to forget those of before: a node that lost its network finds back to them. */
  keep(peers: readonly PeerAddress[]): void {
    if (peers.length > 0 && JSON.stringify(peers) !== JSON.stringify(this.#peers)) this.#write(peers)
  }

  /** The operator removed a peer: the next start does not go to it first. */
  forget(peer: PeerId): void {
    const left = this.#peers.filter(each => each.peer !== peer)
    if (left.length < this.#peers.length) this.#write(left)
  }

  /** Resolves when everything told so far is written or failed. */
  async settled(): Promise<void> {
    await this.#last
  }

  #write(peers: readonly PeerAddress[]): void {
    this.#peers = peers
    this.#last = this.#last.then(() => replaceJsonFile(this.#path, { version: 1, peers })).catch(() => {})
  }
}
