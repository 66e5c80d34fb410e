import type { Sha256 } from '../../protocol/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import type { FeedAccess } from './feed-access.ts'
import { Turns } from './turns.ts'

/** Bytes about to be released. */
export interface ComingBytes {
  readonly sha256: Sha256
  readonly store: () => Promise<unknown>
}

interface Claim {
  count: number
  readonly wasHere: boolean
  readonly wasOwn: boolean
}

type Artifacts = Pick<ArtifactStore, 'has' | 'remove' | 'marks'>

/**
 * Bytes of releases on their way: here before the record that names them, and gone again if none comes about. They are marked as
 * this node's own before they come, so that no stranger's record opens them, now or after a crash or damage to the record.
 */
export class IncomingBytes {
  readonly #access: FeedAccess
  readonly #artifacts: Artifacts
  /** Storing and removing the same bytes never overlap. */
  readonly #turns = new Turns<Sha256>()
  readonly #claims = new Map<Sha256, Claim>()

  constructor(access: FeedAccess, artifacts: Artifacts) {
    this.#access = access
    this.#artifacts = artifacts
  }

  /** Stores bytes, then signs. If that fails and no feed of this node names them, they are removed unless they were here before. */
  async release<T>({ sha256, store }: ComingBytes, sign: () => Promise<T>): Promise<T> {
    try {
      await this.#turns.run(sha256, async () => {
        await this.#claim(sha256)
        await store()
      })
      return await sign()
    } finally {
      await this.#turns.run(sha256, () => this.#leave(sha256))
    }
  }

  /** Removes bytes unless they are this node's own or about to be; whether they are gone. */
  async removeForeign(sha256: Sha256): Promise<boolean> {
    return await this.#turns.run(sha256, async () => {
      if (this.#claims.has(sha256) || (await this.#artifacts.marks.isOwn(sha256))) return false
      return await this.#artifacts.remove(sha256)
    })
  }

  async #claim(sha256: Sha256): Promise<void> {
    const claim = this.#claims.get(sha256) ?? {
      count: 0,
      wasHere: await this.#artifacts.has(sha256),
      wasOwn: await this.#artifacts.marks.isOwn(sha256),
    }
    claim.count++
    this.#claims.set(sha256, claim)
    await this.#artifacts.marks.markOwn([sha256])
  }

  async #leave(sha256: Sha256): Promise<void> {
    const claim = this.#claims.get(sha256)
    if (claim === undefined || --claim.count > 0) return
    this.#claims.delete(sha256)
    if (this.#access.isReleasedHere(sha256)) return
    if (!claim.wasHere) await this.#artifacts.remove(sha256)
    // Last: what could not be removed stays closed.
    if (!claim.wasOwn) await this.#artifacts.marks.unmarkOwn(sha256)
  }
}
