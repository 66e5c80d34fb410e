import type { Sha256 } from '../../protocol/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import type { FeedAccess } from './feed-access.ts'
import { Turns } from './turns.ts'

/** Bytes about to be released. */
export interface ComingBytes {
  readonly sha256: Sha256
  /** Until the record is there nobody may have them, whatever strangers' records say. */
  readonly isPrivate: boolean
  readonly store: () => Promise<unknown>
}

interface Claim {
  count: number
  readonly wasHere: boolean
}

/** Bytes of releases on their way: here before the record that names them, and gone again if none comes about. */
export class IncomingBytes {
  readonly #access: FeedAccess
  readonly #artifacts: Pick<ArtifactStore, 'has' | 'remove'>
  /** Storing and removing the same bytes never overlap. */
  readonly #turns = new Turns<Sha256>()
  readonly #claims = new Map<Sha256, Claim>()

  constructor(access: FeedAccess, artifacts: Pick<ArtifactStore, 'has' | 'remove'>) {
    this.#access = access
    this.#artifacts = artifacts
  }

  /** Stores bytes, then signs. If that fails and no feed of this node names them, they are removed unless they were here before. */
  async release<T>({ sha256, isPrivate, store }: ComingBytes, sign: () => Promise<T>): Promise<T> {
    const open = isPrivate ? this.#access.reserve(sha256) : () => {}
    try {
      await this.#turns.run(sha256, async () => {
        await this.#claim(sha256)
        await store()
      })
      return await sign()
    } finally {
      await this.#turns.run(sha256, () => this.#leave(sha256))
      // What could not be removed stays closed.
      open()
    }
  }

  async #claim(sha256: Sha256): Promise<void> {
    const claim = this.#claims.get(sha256) ?? { count: 0, wasHere: await this.#artifacts.has(sha256) }
    claim.count++
    this.#claims.set(sha256, claim)
  }

  async #leave(sha256: Sha256): Promise<void> {
    const claim = this.#claims.get(sha256)
    if (claim === undefined || --claim.count > 0) return
    this.#claims.delete(sha256)
    if (!claim.wasHere && !this.#access.isNamedHere(sha256)) await this.#artifacts.remove(sha256)
  }
}
