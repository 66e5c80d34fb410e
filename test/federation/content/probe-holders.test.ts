import { expect, test } from 'vitest'
import { FederationError } from '../../../src/federation/errors.ts'
import { hasArtifact, holdersAmong, layoutOf } from '../../../src/federation/index.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { packageOf } from './shelf.ts'

const PEER = 'peer' as PeerId
const signal = new AbortController().signal
const [large, small] = [await layoutOf([packageOf(3 << 20)]), await layoutOf([packageOf(1000)])]
const root = large.rootBlock!

/** Asks a peer that answers each probe with these messages. */
const claims = (messages: readonly Uint8Array[], { cid }: typeof large) =>
  hasArtifact(
    {
      streams: {
        request: async function* () {
          yield* messages
        },
      },
      protocol: 'content',
    },
    PEER,
    cid,
    { signal },
  )

test('a peer has an artifact of several leaves when it sends the very root block', async () => {
  expect(await claims([root], large)).toBe(true)
  expect(await claims([Uint8Array.of(0)], large)).toBe(false)
  expect(await claims([root.subarray(1), root], large)).toBe(false)
  expect(await claims([], large)).toBe(false)
})

test('a peer has an artifact of one leaf when it answers without bytes, as it was asked for none', async () => {
  expect(await claims([], small)).toBe(true)
  expect(await claims([Uint8Array.of(0)], small)).toBe(false)
})

test('a peer that had no turn is no holder to count on, and is not said to be without the artifact', async () => {
  const misses: PeerId[] = []
  const streams = {
    request: async function* (peer: PeerId) {
      if (peer === 'busy') throw new FederationError('E_BUSY', 'no turn')
      if (peer === 'empty') throw new FederationError('E_NOT_FOUND', 'nothing here')
      yield root
    },
  }
  const found: PeerId[] = []
  const asked = ['busy', 'empty', 'holder'] as PeerId[]
  const options = { signal, onMiss: (peer: PeerId) => misses.push(peer) }
  for await (const peer of holdersAmong({ streams, protocol: 'content' }, large.cid, asked, options)) found.push(peer)
  expect([found, misses]).toEqual([['holder'], ['empty']])
})
