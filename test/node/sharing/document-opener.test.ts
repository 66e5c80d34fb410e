import { expect, test } from 'vitest'
import { documentOpener } from '../../../src/node/sharing/document-opener.ts'
import type { OriginStatement } from '../../../src/node/sharing/origin-statements.ts'
import type { PeerBytes } from '../../../src/node/sharing/peer-bytes.ts'
import type { BlockId, Sha256 } from '../../../src/protocol/index.ts'

const SHA256 = 'a'.repeat(64) as Sha256

/** Opens a document that is stated to have so many bytes, while this node holds other ones; and what of them was read. */
async function openedAs(statedSize: number, held: Uint8Array) {
  let read = 0
  const bytes = async function* () {
    read += held.length
    yield held
  }
  const open = documentOpener({ bring: async () => SHA256 } as unknown as PeerBytes, {
    open: async () => ({ size: held.length, bytes: bytes() }) as never,
  })
  const artifact = { name: 'manifest.json', cid: 'cid' as BlockId, size: statedSize, sha256: SHA256 }
  const found = await open({ artifact } as OriginStatement, new AbortController().signal)
  return { found, read }
}

test('a document is read when it has the size that was stated', async () => {
  expect(await openedAs(2, Buffer.from('{}'))).toEqual({ found: Buffer.from('{}'), read: 2 })
})

test('bytes held here under a stated digest are not read when they have another size', async () => {
  expect(await openedAs(2, Buffer.alloc(1024))).toEqual({ found: null, read: 0 })
})
