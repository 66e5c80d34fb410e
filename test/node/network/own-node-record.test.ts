import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { OwnNodeRecord } from '../../../src/node/network/own-node-record.ts'
import { openNodeRecord, peerIdOfKey } from '../../../src/protocol/index.ts'
import { signingKey } from '../../protocol/records/signing-key.ts'

const HOUR = 60 * 60_000
const key = signingKey(3)
const peer = peerIdOfKey(key.publicKey)

it('is one record for each reach, signed anew when it says something else and every twelve hours', () => {
  let now = 1_000_000
  let addresses = ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', `/ip4/192.0.2.1/tcp/1/p2p/${peer}`, '/not an address']
  const parts = {
    net: 'own',
    peer,
    roles: () => ['relay'],
    mirrors: () => [],
    held: () => [],
    software: { name: 'hanse', version: '1' },
  }
  const own = new OwnNodeRecord({
    ...parts,
    addresses: () => addresses,
    sign: bytes => key.sign(bytes, 0),
    time: () => now,
  })
  const said = (reach: 'machine' | 'site' | 'world') => own.records(reach).map(sealed => openNodeRecord(sealed, 'own'))
  const [machine, site, world] = [
    ['/ip4/127.0.0.1/tcp/1', '/ip4/10.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'],
    ['/ip4/10.0.0.1/tcp/1', '/ip4/192.0.2.1/tcp/1'],
    ['/ip4/192.0.2.1/tcp/1'],
  ]
  expect(said('world').map(each => each.addresses)).toEqual([world])
  expect(said('site').map(each => each.addresses)).toEqual([site, world])
  expect(said('machine').map(each => each.addresses)).toEqual([machine, site, world])
  const [first] = own.records('world')
  now += 11 * HOUR
  expect(own.records('world')[0]).toBe(first)
  now += HOUR
  expect(said('world')[0]?.at).toBe(now)
  addresses = ['/ip4/192.0.2.2/tcp/1']
  expect(said('world')[0]).toMatchObject({ addresses, at: now + 1 })
})

it('after the clock went back is signed once, later than before, and kept for twelve hours', () => {
  let now = 100 * HOUR
  const own = new OwnNodeRecord({
    ...{
      net: 'own',
      peer,
      roles: () => [],
      mirrors: () => [],
      held: () => [],
      software: { name: 'hanse', version: '1' },
    },
    addresses: () => ['/ip4/192.0.2.1/tcp/1'],
    sign: bytes => key.sign(bytes, 0),
    time: () => now,
  })
  own.records('world')
  now = 50 * HOUR
  const [after] = own.records('world')
  expect(openNodeRecord(after!, 'own').at).toBe(100 * HOUR + 1)
  now += 11 * HOUR
  expect(own.records('world')[0]).toBe(after)
})

it('names some of the publishers of which it holds packages, and other nodes name others', () => {
  const tags = Array.from({ length: 200 }, (_, i) => createHash('sha256').update(`${i}`).digest('base64url'))
    .map(text =>
      text
        .toLowerCase()
        .replace(/[^a-z2-7]/g, '')
        .slice(0, 12),
    )
    .filter(tag => tag.length === 12)
  const saidBy = (seed: number, held: readonly string[]) => {
    const signing = signingKey(seed)
    const own = new OwnNodeRecord({
      ...{ net: 'own', roles: () => [], mirrors: () => [], software: { name: 'hanse', version: '1' } },
      ...{ held: () => held, addresses: () => [], time: () => 1, peer: peerIdOfKey(signing.publicKey) },
      sign: bytes => signing.sign(bytes, 0),
    })
    return openNodeRecord(own.records('world')[0]!, 'own').held
  }
  expect(saidBy(3, [])).toBeUndefined()
  expect(saidBy(3, tags.slice(0, 64))?.toSorted()).toEqual(tags.slice(0, 64).toSorted())
  const parts = Array.from({ length: 40 }, (_, seed) => saidBy(seed + 1, tags)!)
  for (const part of parts) expect(part).toHaveLength(64)
  expect(new Set(parts.flat()).size).toBe(tags.length)
})
