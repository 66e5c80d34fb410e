import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { expect, test } from 'vitest'
import { partsOfId } from '../../../src/federation/content/root-block.ts'
import type { BlockId } from '../../../src/protocol/index.ts'

const ids = fc
  .tuple(fc.constantFrom(0x55, 0x70, 0x71), fc.constantFrom(0x12, 0x13, 0x1e), fc.constantFrom(20, 32, 64), fc.nat(255))
  .map(([code, hash, bytes, fill]) => CID.createV1(code, createDigest(hash, new Uint8Array(bytes).fill(fill))))

test('the parts of an id are those that the general codec reads', () => {
  fc.assert(
    fc.property(ids, cid => {
      const { code, multihash } = partsOfId(cid.toString() as BlockId)
      expect([code, multihash.code, [...multihash.digest]]).toEqual([
        cid.code,
        cid.multihash.code,
        [...cid.multihash.digest],
      ])
    }),
  )
})

test('text that is another spelling of an id, or none, has no parts', () => {
  const id = CID.createV1(0x55, createDigest(0x12, new Uint8Array(32))).toString()
  for (const text of [`${id.slice(0, -1)}b`, id.toUpperCase(), `${id.slice(0, -1)}1`, `${id}a`, id.slice(0, -1), ''])
    expect(() => partsOfId(text as BlockId), text).toThrow()
})
