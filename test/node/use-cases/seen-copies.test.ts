import { expect, test } from 'vitest'
import { layoutOf } from '../../../src/federation/index.ts'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { isNewsOfCopies } from '../../../src/node/use-cases/copy-news.ts'
import { holdingsOf } from '../../../src/node/use-cases/holdings.ts'
import { pickMirrorCheck } from '../../../src/node/use-cases/mirror-checks.ts'
import { replicationOf } from '../../../src/node/use-cases/replication.ts'
import { seenCopiesOf } from '../../../src/node/use-cases/seen-copies.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { idOf, nodeAmong, peerOf, releasing, sailName, sailOf, stating, statingRoots } from './holder-world.ts'

const acme = idOf(1)
const HOUR_MS = 60 * 60_000
const some = (from: number, count: number) => Array.from({ length: count }, (_, i) => peerOf(from + i))

/** What a node signed of itself some time ago. */
interface Said {
  readonly peer: PeerId
  readonly ageMs: number
  readonly mirrors: readonly PublisherId[]
}

/** What a node sees that started `upMs` ago. */
function seenAt(
  it: { readonly node: NodeContext },
  { upMs = 0, mirrors = [] as PeerId[], records = [] as Said[] } = {},
) {
  const holders = new HolderRecord(Date.now() - upMs)
  const said = [...records, ...mirrors.map((peer): Said => ({ peer, ageMs: 0, mirrors: [acme] }))]
  const newest = new Map(said.map(({ peer, ageMs, mirrors }) => [peer, { peer, at: Date.now() - ageMs, mirrors }]))
  const node = { ...it.node, holders, nodeRecords: () => newest } as unknown as NodeContext
  return { holders, seen: () => seenCopiesOf(node, acme) }
}

test('liars whom nobody chose here take no copy away: their word counts once its peer passed a check', async () => {
  const liars = [40, 50, 60].flatMap(seed => stating(seed, acme, some(seed, 20)))
  await using it = await nodeAmong(liars, { connected: some(40, 3) })
  const { holders, seen } = seenAt(it)
  expect(seen().whole).toEqual([])
  holders.note(acme, peerOf(41), { outcome: 'held', at: Date.now() })
  expect(seen().whole).toEqual([peerOf(41)])
})

test('a chosen liar is believed of four peers, until a check fails or it does not bring what it is asked for', async () => {
  await using it = await nodeAmong(stating(10, acme, some(0, 20)), { connected: some(0, 20) })
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const { holders, seen } = seenAt(it)
  const [first, second] = seen().whole
  expect(seen().whole).toHaveLength(4)
  holders.note(acme, first!, { outcome: 'absent', at: Date.now() })
  it.node.absent.add(acme, second!, Date.now())
  expect(seen().whole).toHaveLength(2)
  await it.node.relations.change(idOf(10), { do: 'block' })
  expect(seen().whole).toEqual([])
})

test('a holder that is away counts for a day after it was met or proven, and for an hour after a start', async () => {
  const now = Date.now()
  const record = new HolderRecord(now)
  const [met, proven, unmet] = some(0, 3) as [PeerId, PeerId, PeerId]
  record.met([met], now)
  record.note(acme, proven, { outcome: 'held', at: now })
  const forgottenAfter = (ms: number) => [met, proven, unmet].map(peer => record.isForgotten(acme, peer, now + ms))
  expect(forgottenAfter(HOUR_MS)).toEqual([false, false, false])
  expect(forgottenAfter(2 * HOUR_MS)).toEqual([false, false, true])
  expect(forgottenAfter(25 * HOUR_MS)).toEqual([true, true, true])
})

test('connected nodes that say they mirror the publisher may take what is missing, unless they failed a check', async () => {
  await using it = await nodeAmong([], { connected: some(0, 3) })
  const { holders, seen } = seenAt(it, { mirrors: some(0, 2) })
  expect(seen().mirrors).toEqual(some(0, 2))
  holders.note(acme, peerOf(0), { outcome: 'silent', at: Date.now() })
  expect(seen().mirrors).toEqual([peerOf(1)])
})

test('of a hundred mirrors a node meets few: whoever said so within a day shares what is missing, and who is full may', async () => {
  await using it = await nodeAmong([])
  const [saysSo, old, of64, of63] = some(0, 4) as [PeerId, PeerId, PeerId, PeerId]
  const others = Array.from({ length: 64 }, (_, i) => `other${i}` as PublisherId)
  const records = [
    { peer: saysSo, ageMs: 23 * HOUR_MS, mirrors: [acme] },
    { peer: old, ageMs: 25 * HOUR_MS, mirrors: [acme] },
    { peer: of64, ageMs: 0, mirrors: others },
    { peer: of63, ageMs: 0, mirrors: others.slice(1) },
  ]
  expect(seenAt(it, { records }).seen().mirrors).toEqual([saysSo, of64])
})

test('a holder that this node never meets counts as long as it signs that it is there', async () => {
  await using it = await nodeAmong(stating(10, acme, some(0, 3)))
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const records = [1, 25].map((hours, i) => ({ peer: peerOf(i), ageMs: hours * HOUR_MS, mirrors: [] }))
  expect(seenAt(it, { upMs: 2 * HOUR_MS, records }).seen().whole).toEqual([peerOf(0)])
})

test('a stranger that passed one check counts for a day after it was met or proven, whatever it goes on to sign of itself', async () => {
  const hours = [23, 25]
  await using it = await nodeAmong(stating(10, acme, some(0, 2)))
  const records = some(0, 2).map(peer => ({ peer, ageMs: 0, mirrors: [acme] }))
  const { holders, seen } = seenAt(it, { upMs: 48 * HOUR_MS, records })
  for (const [i, peer] of some(0, 2).entries())
    holders.note(acme, peer, { outcome: 'held', at: Date.now() - hours[i]! * HOUR_MS })
  expect(seen().whole).toEqual([peerOf(0)])
})

test('a holder that never comes here does not count by what it signed for a day yet to come', async () => {
  await using it = await nodeAmong(stating(10, acme, some(0, 2)))
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const records = [1, 47].map((hours, i) => ({ peer: peerOf(i), ageMs: -hours * HOUR_MS, mirrors: [acme] }))
  const { whole, mirrors } = seenAt(it, { upMs: 2 * HOUR_MS, records }).seen()
  expect([whole, mirrors]).toEqual([[peerOf(0)], [peerOf(0)]])
})

test('who is signed to hold single files counts for those, is shown with them, and is checked on them', async () => {
  const sail = await sailOf()
  const other = await layoutOf([Buffer.from('of another publisher')])
  const records = [...releasing(1, sail), ...statingRoots(10, [peerOf(0)], [sail.cid, other.cid])]
  await using it = await nodeAmong(records, { connected: [peerOf(0)] })
  await it.node.relations.change(idOf(10), { do: 'follow' })
  await it.node.relations.change(acme, { do: 'mirror', copies: 3 })
  const { holders, seen } = seenAt(it)
  expect([seen().whole, seen().partial.get(peerOf(0))?.has(sail.cid)]).toEqual([[], true])
  expect(pickMirrorCheck(it.node, () => 0.5)).toEqual({ publisher: acme, peer: peerOf(0), artifact: sail })
  const node = { ...it.node, holders, artifacts: { has: async () => false } } as unknown as NodeContext
  const holdings = await holdingsOf(node, acme, [sailName])
  expect(holdings.mirrors.map(({ peer, parts }) => [peer, parts])).toEqual([
    ['self', null],
    [peerOf(0), 1],
  ])
  const [state] = node.library.catalogue.publisher(acme)!.packages.values()
  expect(await replicationOf(node, holdings, state!)).toEqual({
    ...{ copies: 1, proven: 0, answered: 0, claimed: 0, wanted: 3 },
  })
  holders.note(acme, peerOf(0), { outcome: 'absent', at: Date.now() })
  expect((await replicationOf(node, await holdingsOf(node, acme, [sailName]), state!))?.copies).toBe(0)
  expect(seen().partial.size).toBe(0)
})

test('what a chosen publisher says of the publisher, or of single files, is news of copies; a stranger’s word, and one of other bytes, is none', async () => {
  const sail = await sailOf()
  const lists = [stating(10, acme, some(0, 1)), stating(20, acme, some(1, 1)), statingRoots(30, some(2, 1), [sail.cid])]
  const records = [...lists, stating(40, idOf(40), some(3, 1))].map(list => list.at(-1)!)
  await using it = await nodeAmong(lists.flat())
  await it.node.relations.change(acme, { do: 'mirror', copies: 3 })
  const areNews = () => records.map(record => isNewsOfCopies(it.node, record))
  expect(areNews()).toEqual([false, false, false, false])
  for (const seed of [10, 30, 40]) await it.node.relations.change(idOf(seed), { do: 'follow' })
  expect(areNews()).toEqual([true, false, true, false])
})

test('who failed a check is checked again before chance comes back to it, as long as it is signed to hold the bytes', async () => {
  const sail = await sailOf()
  const seeds = Array.from({ length: 20 }, (_, i) => 3 * i)
  const lists = seeds.map(seed => [...releasing(100 + seed, sail), ...stating(10 + seed, idOf(100 + seed), some(0, 1))])
  await using it = await nodeAmong(lists.flat(), { connected: some(0, 2) })
  for (const seed of seeds) await it.node.relations.change(idOf(100 + seed), { do: 'mirror' })
  const { holders } = seenAt(it)
  for (const peer of some(0, 2)) holders.note(idOf(100), peer, { outcome: 'silent', at: Date.now() })
  let drawn = 1
  const random = () => {
    drawn = (drawn * 16_807) % 2_147_483_647
    return drawn / 2_147_483_647
  }
  const node = { ...it.node, holders } as unknown as NodeContext
  const picked = Array.from({ length: 60 }, () => pickMirrorCheck(node, random)).filter(each => each !== null)
  expect(new Set(picked.map(({ peer }) => peer))).toEqual(new Set(some(0, 1)))
  expect(new Set(picked.map(({ publisher }) => publisher)).size).toBeGreaterThan(10)
  expect(picked.filter(({ publisher }) => publisher === idOf(100)).length).toBeGreaterThan(10)
})
