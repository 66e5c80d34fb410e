import { describe, expect, test } from 'vitest'
import {
  LINE_BULK_BYTES,
  LINE_SLOW_MS,
  LINE_TRY_BESIDE_MS,
  LINE_TRY_MS,
  MAX_RANGES,
  RANGE_LATE_MS,
} from '../../../src/federation/sync/limits.ts'
import { Line } from '../../../src/federation/sync/line.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [a, b, c] = ['a', 'b', 'c'] as PeerId[] as [PeerId, PeerId, PeerId]

/** A line over which peers brought these bytes within the time after which a range is late; whom it explains of those asked. */
function lineAfter(brought: ReadonlyMap<PeerId, number>, line = new Line(), fromMs = 0) {
  const now = fromMs + RANGE_LATE_MS
  const marks = new Map([...brought.keys()].map(peer => [peer, line.mark(peer, fromMs)]))
  for (const [peer, bytes] of brought) if (bytes > 0) line.heard(peer, bytes, now)
  const explained = [...marks].filter(([peer, mark]) => line.explains(peer, mark, brought.keys(), now))
  return { line, now, explained: explained.map(([peer]) => peer) }
}

describe('a line', () => {
  test('explains why peers are late that bring alike', () => {
    const { line, now, explained } = lineAfter(new Map([...[a, b, c].map(peer => [peer, 150_000] as const)]))
    expect(explained).toEqual([a, b, c])
    expect(line.isSlow(now)).toBe(true)
    expect(line.isSlow(now + LINE_SLOW_MS)).toBe(false)
  })

  test('does not explain who brings less than a quarter of its share, or nothing', () => {
    expect(
      lineAfter(
        new Map([
          [a, 900_000],
          [b, 74_000],
          [c, 0],
        ]),
      ).explained,
    ).toEqual([a])
    expect(
      lineAfter(
        new Map([
          [a, 900_000],
          [b, 130_000],
          [c, 0],
        ]),
      ).explained,
    ).toEqual([a, b])
  })

  test('is not slow because one peer is, or all that are asked are all but silent', () => {
    expect(lineAfter(new Map([[a, 400_000]])).explained).toEqual([])
    expect(
      lineAfter(
        new Map([
          [a, 400_000],
          [b, 0],
        ]),
      ).explained,
    ).toEqual([])
    expect(
      lineAfter(
        new Map([
          [a, 39_000],
          [b, 39_000],
        ]),
      ).explained,
    ).toEqual([])
  })

  test('once it showed explains one peer that is as fast as it was, and none that is slower by far', () => {
    const showed = () =>
      lineAfter(
        new Map([
          [a, 200_000],
          [b, 200_000],
        ]),
      )
    const again = (bytes: number) => {
      const { line, now } = showed()
      return lineAfter(new Map([[a, bytes]]), line, now).explained
    }
    expect(again(400_000)).toEqual([a])
    expect(again(99_000)).toEqual([])
  })

  test('has places for what it brings in 20 s, one at least, and one more with each range that comes in time', () => {
    const slow = lineAfter(
      new Map([
        [a, 225_000],
        [b, 225_000],
      ]),
    )
    expect(slow.line.places(slow.now)).toBe(1)
    const { line, now } = slow
    const quickly = (peer: PeerId) => line.came(peer, line.mark(peer, now - RANGE_LATE_MS), now)
    quickly(a)
    expect(line.places(now)).toBe(2)
    line.came(a, line.mark(a, now - RANGE_LATE_MS - 1), now)
    expect(line.places(now)).toBe(2)
    for (let i = 0; i < 2 * MAX_RANGES; i++) quickly(b)
    expect(line.places(now)).toBe(MAX_RANGES)
    const quicker = lineAfter(
      new Map([
        [a, 750_000],
        [b, 750_000],
      ]),
    )
    expect(quicker.line.places(quicker.now)).toBe(5)
    expect(quicker.line.places(quicker.now + LINE_SLOW_MS)).toBe(MAX_RANGES)
  })

  test('tries who was not seen to be slow, in 15 s again, and for what others are asked for in a minute', () => {
    const { line, now } = lineAfter(
      new Map([
        [a, 225_000],
        [b, 225_000],
      ]),
    )
    expect([line.mayTry(a, false, now), line.mayTry(c, false, now)]).toEqual([false, true])
    const atFirst = now + LINE_TRY_MS
    expect([line.mayTry(c, true, atFirst - 1), line.mayTry(c, true, atFirst)]).toEqual([false, true])
    line.tried(now)
    expect([line.mayTry(c, false, now + LINE_TRY_MS - 1), line.mayTry(c, false, now + LINE_TRY_MS)]).toEqual([
      false,
      true,
    ])
    const inAMinute = now + LINE_TRY_BESIDE_MS
    expect([line.mayTry(c, true, inAMinute - 1), line.mayTry(c, true, inAMinute)]).toEqual([false, true])
  })

  test('is not slow any more once one peer brings twice as much, and explains nobody as long as that is remembered', () => {
    const { line, now } = lineAfter(
      new Map([
        [a, 225_000],
        [b, 225_000],
      ]),
    )
    const bring = (bytes: number) => {
      const begun = line.mark(c, now)
      line.heard(c, bytes, now + 2_000)
      line.came(c, begun, now + 2_000)
    }
    bring(359_000)
    expect(line.isSlow(now + 2_000)).toBe(true)
    bring(LINE_BULK_BYTES - 1)
    expect(line.isSlow(now + 2_000)).toBe(true)
    bring(1_000_000)
    expect(line.isSlow(now + 2_000)).toBe(false)
    const alike = new Map([
      [a, 225_000],
      [b, 225_000],
    ])
    expect(lineAfter(alike, line, now + 2_000).explained).toEqual([])
    expect(lineAfter(alike, line, now + 2_000 + LINE_SLOW_MS).explained).toEqual([a, b])
  })
})
