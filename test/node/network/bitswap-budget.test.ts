import type { Connection, Stream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { bitswapBudget } from '../../../src/node/network/bitswap-budget.ts'
import { LEAST_MESSAGE_BYTES } from '../../../src/node/network/message-weights.ts'

const KIB = 1024
/** Bytes of which any number is the beginning of one length. */
const LONG_LENGTH = 0xff

/** What of a peer's data arrives, message by message, and how often the peer was reported. */
async function sends(messages: readonly { readonly kib: number; readonly atMs: number; readonly fill?: number }[]) {
  let now = 0
  let floods = 0
  const taken: number[] = []
  const handler = bitswapBudget(
    () => floods++,
    () => now,
  )(() => {})
  for (const { kib, atMs, fill = LONG_LENGTH } of messages) {
    now = atMs
    const stream = {
      onData: (data: Uint8Array) => taken.push(data.byteLength / KIB),
      abort: () => {},
    }
    await handler(stream as unknown as Stream, { remotePeer: 'peer' } as unknown as Connection)
    stream.onData(new Uint8Array(kib * KIB).fill(fill))
  }
  return { taken, floods }
}

test('want-lists of a client that wants much arrive', async () => {
  const hour = Array.from({ length: 60 }, (_, minute) => ({ kib: 512, atMs: minute * 60_000 }))
  expect(await sends(hour)).toEqual({ taken: hour.map(({ kib }) => kib), floods: 0 })
})

test('of want-lists without end a megabyte arrives, and the peer is reported', async () => {
  const { taken, floods } = await sends(Array.from({ length: 40 }, (_, i) => ({ kib: 200, atMs: i * 10 })))
  expect(taken.length).toBe(5)
  expect(floods).toBeGreaterThan(0)
})

test('messages that say nothing count for what each costs: some thousands arrive', async () => {
  const { taken, floods } = await sends(Array.from({ length: 40 }, (_, i) => ({ kib: 1, atMs: i, fill: 0 })))
  expect([taken.length, floods]).toEqual([Math.floor((1 << 20) / (KIB * (1 + LEAST_MESSAGE_BYTES))), 25])
})
