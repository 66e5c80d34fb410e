import { readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { AWAY_MS, CatchUp } from '../../../src/node/library/catch-up.ts'
import type { PublisherId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const acme = 'acme' as PublisherId

/** A node that was there some time ago, and what it waits for. */
async function startedAfter(awayMs: number | null, { publishers = [acme], knownPeers = 5, limitMs = 60_000 } = {}) {
  const path = join(await temporaryFolder(), 'last-there')
  const then = new Date(Date.now() - (awayMs ?? 0))
  if (awayMs !== null) {
    await writeFile(path, '')
    await utimes(path, then, then)
  }
  let hear = (_peers: number) => {}
  const asked: [readonly PublisherId[], number][] = []
  const catchUp = await CatchUp.start({
    ...{ path, publishers, knownPeers, limitMs },
    caughtUp: (ids, peers, signal) => {
      asked.push([ids, peers])
      const { promise, resolve } = Promise.withResolvers<number>()
      signal.addEventListener('abort', () => resolve(0))
      hear = resolve
      return promise
    },
  })
  return { catchUp, path, asked, hear: (peers: number) => hear(peers) }
}

test('a node that was away waits for three peers, and says what it heard', async () => {
  const { catchUp, asked, hear } = await startedAfter(AWAY_MS + 1)
  await using _ = catchUp
  expect(asked).toEqual([[[acme], 3]])
  expect(catchUp.freshness).toBe('catching up')
  hear(3)
  await catchUp.ready
  expect(catchUp.freshness).toBe('heard peers since the start')
})

test('a node whose clock went back meanwhile does not know how long it was away, and waits', async () => {
  const { catchUp, hear } = await startedAfter(-AWAY_MS - 60_000)
  await using _ = catchUp
  expect(catchUp.freshness).toBe('catching up')
  hear(3)
})

test('a node that hears nobody serves what it has, and says that it does not know', async () => {
  const { catchUp } = await startedAfter(AWAY_MS + 1, { knownPeers: 1, limitMs: 0 })
  await using _ = catchUp
  await catchUp.ready
  expect(catchUp.freshness).toBe('unknown: no peer was heard since the start')
})

test.each([
  ['hears nobody in time', { knownPeers: 5, limitMs: 0 }],
  ['knows no peer', { knownPeers: 0 }],
])('a node that was away and %s says that it does not know until it hears one', async (_what, parts) => {
  const { catchUp, asked, hear } = await startedAfter(AWAY_MS + 1, parts)
  await using _ = catchUp
  await catchUp.ready
  expect(catchUp.freshness).toBe('unknown: no peer was heard since the start')
  hear(1)
  await setImmediate()
  expect([asked.at(-1), catchUp.freshness]).toEqual([[[acme], 1], 'heard peers since the start'])
})

test.each([
  ['started for the first time', null, {}],
  ['was away for a moment', AWAY_MS - 60_000, {}],
  ['allows nobody', AWAY_MS + 1, { publishers: [] }],
])('a node that %s waits for nothing', async (_what, awayMs, parts) => {
  const { catchUp, asked } = await startedAfter(awayMs, parts)
  await using _ = catchUp
  await catchUp.ready
  expect([asked, catchUp.freshness]).toEqual([[], 'was not away'])
})

test('a node that ends while it waits ends, and notes when it was there', async () => {
  const { catchUp, path } = await startedAfter(AWAY_MS + 1)
  await catchUp[Symbol.asyncDispose]()
  expect(await readFile(path, 'utf8')).toBe('')
  expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(AWAY_MS)
})
