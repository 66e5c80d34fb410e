import { unixfs } from '@helia/unixfs'
import type { CID } from 'multiformats/cid'
import { expect, test } from 'vitest'
import { layoutOf, leavesOfRoot } from '../../../src/federation/index.ts'

const MIB = 1 << 20

function bytesOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 997) bytes[at] = at % 251
  return bytes
}

/** What Helia's `addBytes` makes of the same bytes, with every block it stored. */
async function heliaLayout(bytes: Uint8Array) {
  const blocks = new Map<string, Uint8Array>()
  const blockstore = {
    put: async (cid: CID, block: Uint8Array) => {
      blocks.set(cid.toString(), block)
      return cid
    },
  }
  const helia = { blockstore } as unknown as Parameters<typeof unixfs>[0]
  const cid = await unixfs(helia).addBytes(bytes)
  return { cid: cid.toString(), blocks }
}

test.each([0, 1, 1000, MIB - 1, MIB, MIB + 1, 2 * MIB, 5 * MIB + 12_345])(
  'an artifact of %i bytes has the layout Helia gives it',
  async size => {
    const bytes = bytesOf(size)
    const expected = await heliaLayout(bytes)
    const pieces = Array.from({ length: Math.ceil(size / 70_001) }, (_, n) =>
      bytes.subarray(n * 70_001, (n + 1) * 70_001),
    )
    const layout = await layoutOf(pieces)
    expect(layout.cid).toBe(expected.cid)
    expect(layout.size).toBe(size)
    expect(layout.leaves.every(leaf => expected.blocks.has(leaf))).toBe(true)
    if (layout.rootBlock === null) return
    expect(Buffer.from(layout.rootBlock).equals(expected.blocks.get(expected.cid) ?? new Uint8Array())).toBe(true)
    expect(leavesOfRoot(layout.cid, layout.rootBlock, size)).toEqual({ leaves: layout.leaves })
    expect(leavesOfRoot(layout.cid, layout.rootBlock, size - MIB)).toBe('other-layout')
    expect(leavesOfRoot(layout.cid, layout.rootBlock.with(5, 1), size)).toBe('altered')
  },
)

test('the id of a known artifact never changes', async () => {
  const layout = await layoutOf([bytesOf(2 * MIB)])
  expect(layout.cid).toMatchInlineSnapshot(`"bafybeicistqkw6ubbniotzd2h4ykrtlu3hixe2hfv3z4zc4ty7444lauoe"`)
})
