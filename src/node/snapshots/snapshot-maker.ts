import type { Clock } from '../../federation/index.ts'
import { MAX_SNAPSHOT_PACKS, type PeerId, type PublisherId, type Sign, sealSnapshot } from '../../protocol/index.ts'
import { GROWN_BY, LOOK_EVERY_MS, PACK_BYTES, SNAPSHOT_AGE_MS } from './limits.ts'
import { makePacks, type PackParts } from './make-packs.ts'
import type { ShelvedPack, SnapshotShelf } from './snapshot-shelf.ts'

export interface SnapshotMakerParts extends Pick<PackParts, 'store' | 'mayPack'> {
  readonly net: string
  readonly shelf: SnapshotShelf
  readonly maker: PeerId
  readonly sign: Sign
  readonly publishers: () => readonly PublisherId[]
  /** Whether nothing of a publisher goes out. */
  readonly isBlocked: (publisher: PublisherId) => boolean
  /** @throws StorageError E_DISK_FULL while the disk has less room than it should keep */
  readonly requireRoom: () => Promise<void>
  readonly clock: Clock
  /** Ms since 1970. */
  readonly time: () => number
  readonly onFailed: (error: unknown) => void
}

/** Keeps a snapshot of the public feeds held here that is not older than some hours, and has half of their publishers at least. */
export class SnapshotMaker implements AsyncDisposable {
  readonly #parts: SnapshotMakerParts
  readonly #abort = new AbortController()
  #cancelWake = () => {}
  #working: Promise<void>
  /** A look waits for its turn. */
  #isWaiting = false
  /** How often was taken back what may go out, and how often of that the snapshot was withdrawn for it. */
  #revoked = 0
  #withdrawn = 0
  /** When one was made or tried, ms of the clock; and of how many publishers. */
  #triedAt = Number.NEGATIVE_INFINITY
  #triedOf = 0

  constructor(parts: SnapshotMakerParts) {
    this.#parts = parts
    this.#working = this.#start()
    this.#wake()
  }

  /** What may go out is less than before: nothing is served until it is made anew, and what is being made is given up. */
  revoke(): void {
    this.#revoked++
    this.#parts.shelf.hide()
    this.#lookNext()
  }

  /** Resolves once all that was to be made is. */
  async settled(): Promise<void> {
    await this.#working
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#cancelWake()
    await this.#working
  }

  async #start(): Promise<void> {
    const { shelf, net, time, isBlocked, clock } = this.#parts
    const publishers = await shelf.load(net, publisher => !isBlocked(publisher))
    const age = shelf.madeAt === null ? -1 : time() - shelf.madeAt
    if (age >= 0) {
      this.#triedAt = clock.now() - age
      this.#triedOf = publishers
    }
    await this.#look()
  }

  /** Withdraws what was revoked, and makes a snapshot if one is due. */
  async #look(): Promise<void> {
    try {
      const revoked = this.#revoked
      if (this.#abort.signal.aborted) return
      const isRevoked = this.#withdrawn < revoked
      if (isRevoked) await this.#parts.shelf.withdraw()
      this.#withdrawn = revoked
      if (isRevoked || this.#isDue()) await this.#make(revoked)
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#parts.onFailed(error)
    }
  }

  #isDue(): boolean {
    const held = this.#publishers().length
    if (held === 0 && this.#parts.shelf.madeAt === null) return false
    const isOld = this.#parts.clock.now() - this.#triedAt >= SNAPSHOT_AGE_MS
    return isOld || (held > 0 && held >= this.#triedOf * GROWN_BY)
  }

  #publishers(): readonly PublisherId[] {
    return this.#parts.publishers().filter(publisher => !this.#parts.isBlocked(publisher))
  }

  /** One that waits already sees all that came until its turn. */
  #lookNext(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#working = this.#working.then(() => {
      this.#isWaiting = false
      return this.#look()
    })
  }

  /** Makes a snapshot of what may go out after so many revocations; after another one it is given up. */
  async #make(revoked: number): Promise<void> {
    const { net, shelf, store, maker, sign, time, clock, requireRoom } = this.#parts
    const at = time()
    const shelved: ShelvedPack[] = []
    const publishers = this.#publishers()
    this.#triedAt = clock.now()
    this.#triedOf = publishers.length
    const parts = { store, publishers, mayPack: this.#parts.mayPack, packBytes: PACK_BYTES }
    try {
      for await (const made of makePacks(parts, this.#abort.signal)) {
        if (this.#revoked > revoked) return
        await requireRoom()
        shelved.push(await shelf.put(made))
        if (shelved.length === MAX_SNAPSHOT_PACKS) break
      }
    } catch (error) {
      await shelf.tidy()
      throw error
    }
    if (this.#revoked > revoked) return
    // Whoever asks for an empty one learns no more than that there is none.
    if (shelved.length === 0) return await shelf.withdraw()
    const snapshot = { maker, at, packs: shelved.map(({ pack }) => pack) }
    await shelf.publish(sealSnapshot(snapshot, net, sign), snapshot, shelved)
  }

  #wake(): void {
    this.#cancelWake = this.#parts.clock.after(LOOK_EVERY_MS, () => {
      this.#lookNext()
      this.#wake()
    })
  }
}
