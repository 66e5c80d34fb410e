import { createHash, type Hash } from 'node:crypto'
import type { Sha256 } from '../../../protocol/index.ts'
import { type DeniedBytes, requireAdmitted } from '../../storage/index.ts'

/** Says of bytes that pass through whether they are denied here, under whatever name; costs nothing while nothing is. */
export class DeniedCheck {
  readonly #denied: DeniedBytes | null
  readonly #hash: Hash | null

  constructor(denied: DeniedBytes | undefined) {
    this.#denied = denied === undefined || denied.isEmpty ? null : denied
    this.#hash = this.#denied === null ? null : createHash('sha256')
  }

  update(bytes: Uint8Array): void {
    this.#hash?.update(bytes)
  }

  /** Ends the check. @throws StorageError E_PURGED */
  require(): void {
    if (this.#denied === null || this.#hash === null) return
    requireAdmitted(this.#denied, { sha256: this.#hash.digest('hex') as Sha256 })
  }
}
