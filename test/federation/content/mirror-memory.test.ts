import { expect, test } from 'vitest'
import { BUSY_MIRROR_MS, FAILED_MIRROR_MS } from '../../../src/federation/content/limits.ts'
import { MirrorMemory } from '../../../src/federation/content/mirror-memory.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [busy, unknown] = ['busy', 'unknown'] as [PeerId, PeerId]

test('who is busy whenever it is asked comes after the others for twice as long each time, until it brings something', () => {
  const memory = new MirrorMemory()
  const isLast = (now: number) => memory.bestFirst([busy, unknown], now)[1] === busy
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
