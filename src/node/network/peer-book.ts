import { z } from 'zod'
import type { PeerAddress } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { readJsonFile, replaceJsonFile, StorageError, setAside } from '../storage/index.ts'

/** Peers dialled once and remembered across restarts beside the pinned ones; oldest forgotten. */
const MAX_KNOWN_PEERS = 64
/** Peers that came here and said where they listen: anyone can say so, and none of them displaces a dialled one. */
const MAX_TOLD_PEERS = 16
const MAX_ADDRESSES_PER_PEER = 8

const entry = z.strictObject({
  peer: z.string(),
  addresses: z.array(z.string()),
  pinned: z.boolean(),
  /** Its addresses are its own word: this node never dialled it. */
  told: z.boolean().default(false),
})
const schema = z.strictObject({ version: z.literal(1), peers: z.array(entry) })
type Entry = z.output<typeof entry>

/** The peers of a book; none where there is no file. @throws StorageError E_FILE_CORRUPT, E_FILE */
export async function readPeers(path: string): Promise<readonly Entry[]> {
  return (await readJsonFile(path, schema))?.peers ?? []
}

/** Peers that the operator pinned, and those that were connected before: how a node comes back without its bootstraps. */
export class PeerBook {
  readonly #path: string
  readonly #entries: Map<PeerId, Entry>
  #last: Promise<void> = Promise.resolve()
  /** The write that is still to begin, with all that changes until then. */
  #next: Promise<void> | null = null

  private constructor(path: string, entries: readonly Entry[]) {
    this.#path = path
    this.#entries = new Map(entries.map(each => [each.peer as PeerId, each]))
  }

  /**
   * What is in place of a peer book is put aside and an empty one begun: peers are found again, and no decision about a publisher
   * is lost. `warn` hears of it.
   */
  static async open(path: string, warn: (message: string) => void): Promise<PeerBook> {
    try {
      return new PeerBook(path, await readPeers(path))
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      const aside = await setAside(path)
      warn(
        `${error.message}; it is now ${aside}, and peers pinned by hand are to be pinned again: hanse peer add MULTIADDR`,
      )
      return new PeerBook(path, [])
    }
  }

  all(pinned: boolean): readonly PeerAddress[] {
    return [...this.#entries.values()]
      .filter(each => each.pinned === pinned)
      .map(({ peer, addresses }) => ({ peer: peer as PeerId, addresses }))
  }

  isPinned(peer: PeerId): boolean {
    return this.#entries.get(peer)?.pinned ?? false
  }

  pin({ peer, addresses }: PeerAddress): Promise<void> {
    const known = this.#entries.get(peer)?.addresses ?? []
    this.#entries.set(peer, { peer, addresses: bounded([...addresses, ...known]), pinned: true, told: false })
    return this.#save()
  }

  /** False when the peer was not in the book. */
  async remove(peer: PeerId): Promise<boolean> {
    if (!this.#entries.delete(peer)) return false
    await this.#save()
    return true
  }

  /** A peer was dialled at these addresses. */
  connected({ peer, addresses }: PeerAddress): void {
    const { addresses: older = [], pinned = false } = this.#entries.get(peer) ?? {}
    this.#put({ peer, addresses: bounded([...addresses, ...older]), pinned, told: false })
  }

  /** A peer that came here says that it listens at these addresses; one that was dialled before needs no such word. */
  told({ peer, addresses }: PeerAddress): void {
    const known = this.#entries.get(peer)
    if (known !== undefined && !known.told) return
    this.#put({ peer, addresses: bounded(addresses), pinned: false, told: true })
  }

  /** Resolves when everything told so far is written or failed. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {})
  }

  #put(entry: Entry): void {
    const peer = entry.peer as PeerId
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    this.#forgetOldest(({ pinned, told }) => !pinned && !told, MAX_KNOWN_PEERS)
    this.#forgetOldest(({ told }) => told, MAX_TOLD_PEERS)
    this.#save().catch(() => {
      // The book is a convenience: the next connection writes it again.
    })
  }

  #forgetOldest(isMeant: (entry: Entry) => boolean, most: number): void {
    const meant = [...this.#entries.values()].filter(isMeant)
    for (const { peer } of meant.slice(0, -most)) this.#entries.delete(peer as PeerId)
  }

  /** One write at a time and one that waits, whatever number of strangers comes meanwhile. */
  #save(): Promise<void> {
    this.#next ??= this.#last
      .catch(() => {})
      .then(() => {
        this.#next = null
        return replaceJsonFile(this.#path, { version: 1, peers: [...this.#entries.values()] })
      })
    this.#last = this.#next
    return this.#next
  }
}

const bounded = (addresses: readonly string[]) => [...new Set(addresses)].slice(0, MAX_ADDRESSES_PER_PEER)
