import { createHash } from 'node:crypto'

/** What a signature is for: no signature of one domain is one of another (section 2.1). */
export type SignatureDomain = 'hanse-record-v1\0' | 'hanse-head-v1\0' | 'hanse-node-v1\0' | 'hanse-snapshot-v1\0'
export const RECORD_DOMAIN: SignatureDomain = 'hanse-record-v1\0'
export const HEAD_DOMAIN: SignatureDomain = 'hanse-head-v1\0'
export const NODE_DOMAIN: SignatureDomain = 'hanse-node-v1\0'
export const SNAPSHOT_DOMAIN: SignatureDomain = 'hanse-snapshot-v1\0'

/** The bytes a signature covers: domain ‖ sha256(network id) ‖ payload (section 2.1). */
export function signedBytesOf(net: string, payload: Uint8Array, domain: SignatureDomain = RECORD_DOMAIN): Uint8Array {
  return Buffer.concat([Buffer.from(domain, 'latin1'), createHash('sha256').update(net, 'utf8').digest(), payload])
}
