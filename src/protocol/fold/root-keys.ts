import { signerOf } from '../key-list.ts'
import type { KeyList } from '../record.ts'
import type { FoldedRecord } from './folded-record.ts'

/** Who may sign after one root record; key lists as sha-256 in hex. */
export interface RootKeys {
  /** May sign ordinary root records. */
  readonly current: ReadonlySet<string>
  /** May sign the rotate that counts. */
  readonly recovery: ReadonlySet<string>
  /** Announced for a rotate that these fold rules do not count yet. */
  readonly next: ReadonlySet<string>
}

/**
 * What a root record's signer makes of it. recovery: it changes the keys. ordinary: it counts with the keys as they are. heir: a
 * rotate that counts for nothing here, but may in later rules (`next`, a body not understood). null: it is never seen.
 */
export type SignerRole = 'recovery' | 'ordinary' | 'heir' | null

/** The role of a root record that comes after one with these keys (specification section 6.1). */
export function signerRoleOf(
  keys: RootKeys,
  { typ, signer, understood }: Pick<FoldedRecord, 'typ' | 'signer' | 'understood'>,
): SignerRole {
  if (understood?.typ === 'rotate' && keys.recovery.has(signer)) return 'recovery'
  if (keys.current.has(signer)) return 'ordinary'
  return typ === 'rotate' && isHeir(keys, signer) ? 'heir' : null
}

/** Whether a key list was announced for a rotate, counted by these rules or not. */
export const isHeir = ({ recovery, next }: RootKeys, signer: string): boolean =>
  recovery.has(signer) || next.has(signer)

/** The keys that a genesis or a rotate says. */
function rootKeysOf(body: {
  readonly keys: readonly KeyList[]
  readonly next: readonly Uint8Array[]
  readonly recovery: readonly Uint8Array[]
}): RootKeys {
  return {
    current: new Set(body.keys.map(signerOf)),
    recovery: new Set(body.recovery.map(hex)),
    next: new Set(body.next.map(hex)),
  }
}

/** The keys that a root record gives the root; null when it is no genesis or rotate that is understood. */
export const keysSaidBy = ({ understood }: Pick<FoldedRecord, 'understood'>): RootKeys | null =>
  understood?.typ === 'identity' || understood?.typ === 'rotate' ? rootKeysOf(understood) : null

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
