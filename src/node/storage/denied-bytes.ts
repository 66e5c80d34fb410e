import type { BlockId, Sha256 } from '../../protocol/index.ts'
import { StorageError } from './errors.ts'

/** Bytes that must not be here, asked at every door of the store. */
export interface DeniedBytes {
  readonly isEmpty: boolean
  /** Why an artifact is denied, in a sentence, or null. */
  whyOf(artifact: { readonly sha256: Sha256; readonly cid?: BlockId }): string | null
  /** Whether a block is the root or the whole of such an artifact, by its multihash in hex. */
  hasBlock(multihash: string): boolean
}

export const NOTHING_DENIED: DeniedBytes = { isEmpty: true, whyOf: () => null, hasBlock: () => false }

/** @throws StorageError E_PURGED */
export function requireAdmitted(
  denied: DeniedBytes,
  artifact: { readonly sha256: Sha256; readonly cid?: BlockId },
): void {
  const why = denied.whyOf(artifact)
  if (why !== null) throw new StorageError('E_PURGED', why, { hint: 'hanse purge --list' })
}
