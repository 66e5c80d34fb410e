import { createHash } from 'node:crypto'

/** What a signature is for: no signature of one domain is one of another (section 2.1). */
export type SignatureDomain = 'hanse-record-v1\0' | 'hanse-head-v1\0' | 'hanse-node-v1\0' | 'hanse-snapshot-v1\0'
export const RECORD_DOMAIN: SignatureDomain = 'hanse-record-v1\0'
export const HEAD_DOMAIN: SignatureDomain = 'hanse-head-v1\0'
export const NODE_DOMAIN: SignatureDomain = 'hanse-node-v1\0'
export const SNAPSHOT_DOMAIN: SignatureDomain = 'hanse-snapshot-v1\0'

/** The bytes a signature covers: domain ‖ sha256(network id) ‖ payload (section 2.1). */
export function signedBytesOf(net: string, payload: Uint8Array, domain: SignatureDomain = RECORD_DOMAIN): Uint8Array {
  return Buffer.concat([prefixOf(net, domain), payload])
}

/** A node has one network. */
const last = { net: '', prefixes: new Map<SignatureDomain, Uint8Array>() }

function prefixOf(net: string, domain: SignatureDomain): Uint8Array {
  if (last.net !== net) {
    last.net = net
    last.prefixes = new Map()
  }
  const known = last.prefixes.get(domain)
  if (known !== undefined) return known
  const prefix = Buffer.concat([Buffer.from(domain, 'latin1'), createHash('sha256').update(net, 'utf8').digest()])
  last.prefixes.set(domain, prefix)
  return prefix
}
