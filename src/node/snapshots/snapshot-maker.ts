import type { Clock } from '../../federation/index.ts'
import { MAX_SNAPSHOT_PACKS, type PeerId, type PublisherId, type Sign, sealSnapshot } from '../../protocol/index.ts'
import { PACK_BYTES, SNAPSHOT_AGE_MS } from './limits.ts'
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
  readonly clock: Clock
  /** Ms since 1970. */
  readonly time: () => number
  readonly onFailed: (error: unknown) => void
}

/** Keeps a snapshot of the public feeds held here that is not older than some hours. */
export class SnapshotMaker implements AsyncDisposable {
  readonly #parts: SnapshotMakerParts
  readonly #abort = new AbortController()
  #cancelWake = () => {}
  #working: Promise<void>
  #isStale = false

  constructor(parts: SnapshotMakerParts) {
    this.#parts = parts
    this.#working = this.#start()
  }

  /** What may go out is less than before: nothing is served until it is made anew, and what is being made is given up. */
  revoke(): void {
    this.#isStale = true
    this.#parts.shelf.hide()
    this.#next(async () => {
      await this.#parts.shelf.withdraw()
      await this.#make()
    })
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
    const { shelf, net, time, isBlocked } = this.#parts
    await shelf.load(net, publisher => !isBlocked(publisher))
    const age = shelf.madeAt === null ? Number.POSITIVE_INFINITY : time() - shelf.madeAt
    if (age >= 0 && age < SNAPSHOT_AGE_MS) this.#wakeIn(SNAPSHOT_AGE_MS - age)
    else await this.#tried(() => this.#make())
  }

  #next(work: () => Promise<void>): void {
    this.#working = this.#working.then(() => this.#tried(work))
  }

  async #tried(work: () => Promise<void>): Promise<void> {
    try {
      if (!this.#abort.signal.aborted) await work()
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#parts.onFailed(error)
    }
    this.#wakeIn(SNAPSHOT_AGE_MS)
  }

  async #make(): Promise<void> {
    const { net, shelf, store, maker, sign, time } = this.#parts
    this.#isStale = false
    const at = time()
    const shelved: ShelvedPack[] = []
    const publishers = this.#parts.publishers().filter(publisher => !this.#parts.isBlocked(publisher))
    const parts = { store, publishers, mayPack: this.#parts.mayPack, packBytes: PACK_BYTES }
    for await (const made of makePacks(parts, this.#abort.signal)) {
      // What is made for what was revoked meanwhile comes next.
      if (this.#isStale) return
      shelved.push(await shelf.put(made))
      if (shelved.length === MAX_SNAPSHOT_PACKS) break
    }
    if (this.#isStale) return
    const snapshot = { maker, at, packs: shelved.map(({ pack }) => pack) }
    await shelf.publish(sealSnapshot(snapshot, net, sign), snapshot, shelved)
  }

  #wakeIn(ms: number): void {
    this.#cancelWake()
    if (this.#abort.signal.aborted) return
    this.#cancelWake = this.#parts.clock.after(ms, () => this.#next(() => this.#make()))
  }
}
