import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { showFederation } from '../../../src/node/use-cases/federation.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { NET } from '../../federation/search/signed-hits.ts'
import {
  type HolderWorld,
  idOf,
  nodeAmong,
  peerOf,
  releasingMany,
  sailOf,
  stating,
  statingRoots,
} from './holder-world.ts'

/** The packages and mirrors that a node among those peers shows of the first publisher. */
async function shownAmong(
  records: Parameters<typeof nodeAmong>[0],
  world: HolderWorld,
  failed: readonly PeerId[] = [],
) {
  await using it = await nodeAmong(records, world)
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const holders = new HolderRecord(Date.now())
  for (const peer of failed) holders.note(idOf(1), peer, { outcome: 'absent', at: Date.now() })
  const node = {
    ...it.node,
    ...{ holders, net: NET, config: { network: { mode: 'public' } }, artifacts: { has: async () => true } },
    confirmed: () => ({ ageMs: null, isMissing: false }),
  } as unknown as NodeContext
  const { publishers } = (await showFederation(node, idOf(1))) as {
    publishers: { mirrors: { peer: PeerId }[]; claimed: PeerId[]; spread: object }[]
  }
  return publishers[0]!
}

test('a connected peer that says of itself that it mirrors is shown, and is no copy; nor is it shown twice or once it failed a check', async () => {
  const [claims, signed, fails, silent] = [1, 2, 3, 4].map(peerOf) as [PeerId, PeerId, PeerId, PeerId]
  const records = [...releasingMany(1, await sailOf(), 1), ...stating(10, idOf(1), [signed])]
  const connected = [claims, signed, fails, silent]
  const shown = await shownAmong(records, { connected, claiming: [claims, signed, fails] }, [fails])
  expect(shown.claimed).toEqual([claims])
  expect(shown.mirrors.map(({ peer }) => peer)).toEqual([signed])
  expect(shown.spread).toEqual({ 2: 1 })
})

test('the copies of the first thousand packages are counted, and how many that were is said', async () => {
  await using it = await nodeAmong(releasingMany(1, await sailOf(), 1_001))
  const node = {
    ...it.node,
    ...{ net: NET, config: { network: { mode: 'public' } }, artifacts: { has: async () => true } },
    ...{ holders: new HolderRecord(Date.now()), confirmed: () => ({ ageMs: null, isMissing: false }) },
  } as unknown as NodeContext
  const { publishers } = (await showFederation(node, idOf(1))) as unknown as { publishers: readonly object[] }
  expect(publishers).toMatchObject([{ packages: 1_001, counted: 1_000, spread: { 1: 1_000 } }])
})

/** What is shown, and how many turns others had meanwhile. */
async function turnsOf(node: NodeContext, publisher: PublisherId | undefined) {
  let turns = 0
  let isDone = false
  const counting = (async () => {
    for (; !isDone; turns++) await setImmediate()
  })()
  const shown = (await showFederation(node, publisher)) as { publishers: unknown[] }
  isDone = true
  await counting
  return { shown, turns }
}

test('whoever draws the federation gives others their turn after each publisher', async () => {
  const seeds = [1, 4, 7, 10, 13, 16]
  await using it = await nodeAmong(seeds.flatMap(seed => stating(seed, idOf(1), [peerOf(seed)])))
  for (const seed of seeds) await it.node.relations.change(idOf(seed), { do: 'follow' })
  const node = {
    ...it.node,
    ...{ net: NET, config: { network: { mode: 'public' } }, artifacts: { has: async () => false } },
    ...{ holders: new HolderRecord(Date.now()), confirmed: () => ({ ageMs: null, isMissing: false }) },
  } as unknown as NodeContext
  const { shown, turns } = await turnsOf(node, undefined)
  expect(shown.publishers).toHaveLength(7)
  expect(turns).toBeGreaterThanOrEqual(7)
})

test('whoever reads all packages of a publisher, to tell which files single holders have, gives others their turn meanwhile', async () => {
  const sail = await sailOf()
  await using it = await nodeAmong([...releasingMany(1, sail, 640), ...statingRoots(10, [peerOf(1)], [sail.cid])])
  await it.node.relations.change(idOf(10), { do: 'follow' })
  const node = {
    ...it.node,
    ...{ net: NET, config: { network: { mode: 'public' } }, artifacts: { has: async () => false } },
    ...{ holders: new HolderRecord(Date.now()), confirmed: () => ({ ageMs: null, isMissing: false }) },
  } as unknown as NodeContext
  const { shown, turns } = await turnsOf(node, idOf(1))
  expect(shown.publishers).toMatchObject([{ spread: { 1: 640 }, mirrors: [{ parts: 1 }] }])
  // Once for the files, once for the copies.
  expect(turns).toBeGreaterThanOrEqual(20)
})

test('of a publisher of whom nothing is known nothing is drawn, and how it is followed is said; whatever is known is', async () => {
  await expect(shownAmong([], {})).rejects.toMatchObject({ code: 'E_NOT_FOUND', hint: `hanse follow ${idOf(1)}` })
  expect(await shownAmong([], { connected: [peerOf(1)], claiming: [peerOf(1)] })).toMatchObject({ relation: 'none' })
  expect(await shownAmong(stating(10, idOf(1), [peerOf(1)]), {})).toMatchObject({ relation: 'none', packages: 0 })
  // Its own records, without a package.
  expect(await shownAmong(stating(1, idOf(2), [peerOf(1)]), {})).toMatchObject({ relation: 'none', packages: 0 })
  expect(await shownAmong([], { own: idOf(1) })).toMatchObject({ relation: 'self' })
})
