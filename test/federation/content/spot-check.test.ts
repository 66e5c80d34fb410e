import { describe, expect, test } from 'vitest'
import { contentHandler, FederationError, spotCheck } from '../../../src/federation/index.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { packageOf, Shelf } from './shelf.ts'

const PEER = 'peer' as PeerId
const MIB = 1 << 20
const { signal } = new AbortController()

/** A mirror whose shelf is asked through the real handler; `random` picks the leaves. */
async function checkOf(size: number, spoil: (shelf: Shelf, leaves: readonly string[], cid: string) => void, at = 0) {
  const shelf = new Shelf()
  const layout = await shelf.add(packageOf(size))
  spoil(shelf, layout.leaves, layout.cid)
  const handler = contentHandler(shelf, () => true)
  const streams = {
    request: (peer: PeerId, _: string, payload: Uint8Array) => handler({ peer, payload, signal }) as never,
  }
  return await spotCheck({ streams, protocol: 'content' }, PEER, layout, { random: () => at, signal })
}

describe('a spot check', () => {
  test.each([1_000, MIB, 5 * MIB])('passes a mirror that holds all %i bytes', async size => {
    expect(await checkOf(size, () => {})).toBe('held')
  })

  test('asks for the leaves that chance picked, and only for those', async () => {
    const dropLast = (shelf: Shelf, leaves: readonly string[]) => void shelf.blocks.delete(leaves.at(-1)!)
    expect(await checkOf(5 * MIB, dropLast, 0)).toBe('held')
    expect(await checkOf(5 * MIB, dropLast, 0.999)).toBe('absent')
  })

  test.each([1_000, 5 * MIB])('finds that %i bytes are not there', async size => {
    expect(await checkOf(size, (shelf, _, cid) => void shelf.blocks.delete(cid))).toBe('absent')
  })

  test.each([1_000, 5 * MIB])('finds that %i bytes are altered', async size => {
    expect(await checkOf(size, (shelf, leaves) => shelf.alter(leaves[0]!))).toBe('altered')
  })

  test('tells a peer that fails from one that has nothing', async () => {
    const failing = {
      request: async function* () {
        yield* []
        throw new FederationError('E_PEER_UNREACHABLE', 'gone')
      },
    }
    const { cid } = await new Shelf().add(packageOf(10))
    const answer = spotCheck(
      { streams: failing, protocol: 'content' },
      PEER,
      { cid, size: 10 },
      { random: () => 0, signal },
    )
    expect(await answer).toBe('silent')
  })
})
