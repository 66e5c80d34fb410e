import { expect, test } from 'vitest'
import type { PublisherId } from '../../../src/protocol/ids.ts'
import { recordIdOf } from '../../../src/protocol/ids-parse.ts'
import {
  encodeNodes,
  encodeNodesRequest,
  openNodeRecord,
  type PeerId,
  parseNodes,
} from '../../../src/protocol/index.ts'
import { idOf, NOW, recordOf, Village, type Villager } from './record-village.ts'

const names = ({ heard }: Villager): PeerId[] => heard.map(({ record }) => record.peer)
const DAY = 24 * 60 * 60_000
const ignore = new AbortController().signal

async function told(by: Villager, to: PeerId, mirrors?: readonly PublisherId[]): Promise<readonly Uint8Array[]> {
  const payload = encodeNodesRequest({ ask: 'nodes', count: 64, ...(mirrors ? { mirrors: [...mirrors] } : {}) })
  for await (const message of by.handler({ peer: to, payload, signal: ignore })) return parseNodes(message)
  return []
}

test('a node hears of those its peers met, and is heard of', async () => {
  await using village = new Village()
  const [a, b, c] = [village.villager(1), village.villager(2), village.villager(3)]
  village.link(a, b)
  await village.clock.pass(5_000)
  village.link(c, b)
  await village.clock.pass(5_000)
  expect(names(b)).toEqual([a.id, c.id])
  expect(names(c)).toEqual([b.id, a.id])
  expect(names(a)).toEqual([b.id])
  // The next round asks again.
  await village.clock.pass(10 * 60_000)
  expect(names(a)).toEqual([b.id, c.id])
})

test('nobody passes on what nobody met: made-up records end at the first honest node', async () => {
  await using village = new Village()
  const made = Array.from({ length: 64 }, (_, i) => recordOf(100 + i))
  const [a, b] = [village.villager(1), village.villager(2)]
  const liar = village.stranger(9, async function* () {
    yield encodeNodes(made)
  })
  village.link(a, liar)
  await village.clock.pass(5_000)
  expect(names(a)).toHaveLength(64)
  village.link(b, a)
  await village.clock.pass(60_000)
  expect(names(b)).toEqual([a.id])
})

test('one peer brings at most 64 records, and eight such do not displace what an honest one brings', async () => {
  await using village = new Village()
  const a = village.villager(1)
  let flood = 0
  const liars = Array.from({ length: 12 }, (_, liar) =>
    village.stranger(30 + liar, async function* () {
      // Each answer names 64 others, all of them later than what was known.
      yield encodeNodes(
        Array.from({ length: 64 }, (_, i) => recordOf(64 + ((liar * 16 + i) % 190), { at: NOW + ++flood })),
      )
    }),
  )
  const honest = village.villager(2)
  village.link(honest, village.villager(3))
  village.link(honest, village.villager(4))
  await village.clock.pass(5_000)
  village.link(a, honest)
  for (const liar of liars) village.link(a, liar)
  await village.clock.pass(60 * 60_000)
  expect(a.records.book.size).toBeLessThanOrEqual(512)
  for (const seed of [2, 3, 4]) expect(a.records.book.of(idOf(seed))).not.toBeNull()
})

test('a record for the site is told to and taken from the site alone', async () => {
  await using village = new Village()
  const inside = recordOf(1, { addresses: ['/ip4/10.0.0.1/tcp/1'] })
  const outside = recordOf(1, { addresses: ['/ip4/192.0.2.1/tcp/1'] })
  const a = village.villager(1, reach => (reach === 'world' ? [outside] : [inside, outside]))
  const [neighbour, far] = [village.villager(2), village.villager(3)]
  village.link(neighbour, a, 'site')
  village.link(far, neighbour, 'world')
  await village.clock.pass(20 * 60_000)
  const addresses = (who: Villager) =>
    who.heard.filter(({ record }) => record.peer === a.id).flatMap(h => h.record.addresses)
  expect(addresses(neighbour)).toEqual(['/ip4/10.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'])
  expect(addresses(far)).toEqual(['/ip4/192.0.2.1/tcp/1'])

  const scanner = village.stranger(9, async function* () {
    yield encodeNodes([
      recordOf(50, { addresses: ['/ip4/10.0.0.7/tcp/22'] }),
      recordOf(51, { addresses: ['/ip4/127.0.0.1/tcp/22'] }),
    ])
  })
  village.link(far, scanner, 'world')
  await village.clock.pass(20 * 60_000)
  expect(names(far)).not.toContain(idOf(50))
  expect(names(far)).not.toContain(idOf(51))
  expect(far.offences).toEqual([])
})

test('a forged record, or an answer of another shape, is charged to who sent it; one of a later version to nobody', async () => {
  await using village = new Village()
  const a = village.villager(1)
  const forged = recordOf(5).slice()
  forged[forged.length - 1]! ^= 1
  const answers: readonly Uint8Array[] = [encodeNodes([recordOf(6), forged]), Uint8Array.of(1, 2, 3)]
  const liars = answers.map((answer, i) =>
    village.stranger(10 + i, async function* () {
      yield answer
    }),
  )
  for (const liar of liars) village.link(a, liar)
  village.link(a, village.stranger(20, null))
  await village.clock.pass(5_000)
  expect(a.offences).toEqual([
    { peer: idOf(10), code: 'record-invalid' },
    { peer: idOf(11), code: 'message-malformed' },
  ])
  expect(names(a)).toEqual([idOf(6)])
})

test('a record is believed for two days either way, and the later of two holds', async () => {
  await using village = new Village()
  const a = village.villager(1)
  const records = [
    recordOf(5, { at: NOW + 1, addresses: ['/ip4/192.0.2.5/tcp/2'] }),
    recordOf(5, { at: NOW }),
    recordOf(6, { at: NOW - 3 * DAY }),
    recordOf(7, { at: NOW + 3 * DAY }),
    recordOf(8, { at: NOW + DAY }),
  ]
  const peer = village.stranger(9, async function* () {
    yield encodeNodes(records)
  })
  village.link(a, peer)
  await village.clock.pass(5_000)
  expect(names(a)).toEqual([idOf(5), idOf(8)])
  expect(a.records.book.of(idOf(5))?.addresses).toEqual(['/ip4/192.0.2.5/tcp/2'])
  a.records.book.age(NOW + 4 * DAY)
  expect(a.records.book.size).toBe(0)
})

test('a peer that connects again and again is asked once a minute, and what is known is not verified again', async () => {
  await using village = new Village()
  const a = village.villager(1)
  let asked = 0
  const peer = village.stranger(9, async function* () {
    asked++
    yield encodeNodes([recordOf(5), recordOf(6)])
  })
  for (let i = 0; i < 50; i++) {
    village.link(a, peer)
    await village.clock.pass(1_000)
  }
  expect(asked).toBe(1)
  await village.clock.pass(DAY / 12)
  expect(asked).toBeGreaterThan(20)
  expect(a.checks).toBe(2)
})

test('who asks for mirrors is told of those alone', async () => {
  await using village = new Village()
  const publisher = recordIdOf(Uint8Array.of(1)) as string as PublisherId
  const a = village.villager(1)
  village.link(
    a,
    village.villager(2, () => [recordOf(2, { mirrors: [publisher] })]),
  )
  village.link(a, village.villager(3))
  await village.clock.pass(5_000)
  const asker = village.villager(4)
  village.link(asker, a)
  expect(await told(a, asker.id)).toHaveLength(3)
  const hex = (records: readonly Uint8Array[]) => records.map(record => Buffer.from(record).toString('hex'))
  const expected = [recordOf(1), recordOf(2, { mirrors: [publisher] })]
  expect(hex(await told(a, asker.id, [publisher]))).toEqual(hex(expected))
})

test('silent peers hold up no more than their own turn', async () => {
  await using village = new Village()
  const a = village.villager(1)
  for (let i = 0; i < 8; i++) {
    const silent = village.stranger(20 + i, async function* ({ signal }) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    village.link(a, silent)
  }
  village.link(a, village.villager(2))
  await village.clock.pass(15_000)
  expect(names(a)).toEqual([idOf(2)])
  expect(a.offences).toEqual([])
})

test('what a node said while its clock was ahead gives way to what it says now, and does not come back', async () => {
  await using village = new Village()
  const ahead = recordOf(1, { at: NOW + DAY, addresses: ['/ip4/192.0.2.100/tcp/1'] })
  const [a, b] = [village.villager(1, () => [ahead]), village.villager(2)]
  village.link(b, a)
  await village.clock.pass(5_000)
  expect(b.records.book.of(a.id)?.at).toBe(NOW + DAY)
  const now = openNodeRecord(recordOf(1), 'village')
  const held = { record: now, envelope: recordOf(1), reach: 'world', from: a.id } as const
  expect(b.records.book.add(held, NOW)).toBe(true)
  expect(b.records.book.of(a.id)).toEqual(now)
  const again = { ...held, record: openNodeRecord(ahead, 'village'), envelope: ahead }
  expect(b.records.book.add(again, NOW)).toBe(false)
})
