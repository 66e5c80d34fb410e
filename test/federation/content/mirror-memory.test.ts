import { expect, test } from 'vitest'
import { BUSY_MIRROR_MS, FAILED_MIRROR_MS, LEAF_BYTES } from '../../../src/federation/content/limits.ts'
import { MirrorMemory } from '../../../src/federation/content/mirror-memory.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [busy, unknown] = ['busy', 'unknown'] as [PeerId, PeerId]

test('who is busy whenever it is asked comes after the others for twice as long each time, until it brings something', () => {
  const memory = new MirrorMemory()
  const isLast = (now: number) => memory.bestFirst([busy, unknown], now, LEAF_BYTES)[1] === busy
  let now = 0
  const terms = Array.from({ length: 8 }, () => {
    const began = now
    for (let asked = 0; asked < 5; asked++) memory.busy(busy, now)
    while (isLast(now)) now += 1_000
    return now - began
  })
  const doubled = terms.map((_, i) => Math.min(FAILED_MIRROR_MS, BUSY_MIRROR_MS * 2 ** i))
  expect(terms).toEqual(doubled)
  memory.brought(busy, 1, now)
  memory.busy(busy, now)
  expect([isLast(now), isLast(now + BUSY_MIRROR_MS)]).toEqual([true, false])
})

test('small ones asked for at once are shared among the mirrors by what each brings, and what is over counts no more', () => {
  const memory = new MirrorMemory()
  const [fast, half, slow] = ['fast', 'half', 'slow'] as [PeerId, PeerId, PeerId]
  memory.brought(fast, 1_000, 0)
  memory.brought(half, 500, 0)
  memory.brought(slow, 10, 0)
  const best = () => memory.bestFirst([unknown, slow, half, fast], 1, 300_000)[0]!
  const asked = Array.from({ length: 30 }, () => {
    const peer = best()
    return { peer, ask: memory.asked(peer, 300_000, 1) }
  })
  const counts = [fast, half, slow, unknown].map(each => asked.filter(({ peer }) => peer === each).length)
  expect(counts).toEqual([20, 10, 0, 0])
  expect(best()).toBe(fast)
  for (const { peer, ask } of asked) if (peer === half) ask.over()
  expect(best()).toBe(half)
  for (const { peer, ask } of asked) if (peer === fast) ask.over()
  expect(best()).toBe(fast)
})

test('of mirrors of which nothing is known each is asked in turn', () => {
  const memory = new MirrorMemory()
  const peers = ['a', 'b', 'c'] as PeerId[]
  const asked = Array.from({ length: 6 }, () => {
    const [peer] = memory.bestFirst(peers, 1, LEAF_BYTES)
    memory.asked(peer!, LEAF_BYTES, 1)
    return peer
  })
  expect(asked).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
})
