import { expect, test } from 'vitest'
import { systemClock } from '../../../src/federation/index.ts'
import { Exchange, type ExchangeParts } from '../../../src/node/composition/exchange.ts'
import { parseConfig } from '../../../src/node/config/load-config.ts'
import { createIdentity } from '../../../src/node/identity/identity-file.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { createMetrics } from '../../../src/node/metrics/metrics.ts'
import { REFUSED_MS } from '../../../src/node/network/refused-peers.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

async function started() {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openLevelDatabase(await temporaryFolder()))
  const index = opened.use(await openSearchIndex(database.table('index')))
  const library = await Library.open({ net: 'main', database, records: new RecordStore(database), index })
  const peers = { all: () => [], isPinned: () => false }
  const home = { identity: createIdentity(1), library, peers } as unknown as ExchangeParts['home']
  const config = parseConfig({ network: { mode: 'off' } }, 'the test')
  const network = (() => ({
    getPeers: () => [],
    hangUp: async () => {},
    services: {
      connectedPeers: { onConnect: () => () => {}, onIdentify: () => () => {}, onDisconnect: () => () => {} },
    },
  })) as never
  const metrics = createMetrics({
    peers: () => 0,
    feeds: () => 0,
    packages: () => 0,
    shortPackages: () => 0,
    unknownPublishers: () => 0,
    spentPublishers: () => 0,
    connections: () => [],
  })
  const exchange = opened.use(new Exchange({ net: 'main', config, home, metrics, network }))
  return { database, exchange, opened: opened.move() }
}

test('publishers that a peer asks for without naming them cost as much as named ones', async () => {
  const { exchange, opened } = await started()
  await using _ = opened
  const peer = 'peer' as PeerId
  let publishers = 0
  while (publishers < 100_000 && exchange.charges.mayLookUp(peer, 256)) publishers += 256
  expect(publishers).toBeGreaterThan(5_000)
  expect(publishers).toBeLessThan(20_000)
  expect(exchange.charges.mayLookUp('another' as PeerId, 256)).toBe(true)
})

test('who offends on a stream is kept out, and stands in no mesh when it comes back', async () => {
  const { exchange, opened } = await started()
  await using _ = opened
  const [peer, other] = [
    '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK',
    '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo',
  ] as [PeerId, PeerId]
  const now = systemClock.now()
  exchange.streams.reportOffence(peer, 'frame-malformed')
  expect([peer, other].map(each => exchange.refusals.isRefused(each, now))).toEqual([true, false])
  const back = now + REFUSED_MS + 1_000
  expect(exchange.refusals.isRefused(peer, back)).toBe(false)
  expect(exchange.refusals.scoreOf(peer, back)).toBeLessThan(-10)
  expect(exchange.refusals.scoreOf(other, back)).toBe(0)
})

test('a root record that is damaged while the node runs ends neither a write nor the node', async () => {
  const { database, exchange, opened } = await started()
  await using _ = opened
  await exchange.writer.begin()
  const [key, value] = (await database.table('records').iterator().all())[1]!
  await database.commit([
    { type: 'put', table: 'records', key, value: value.map((byte, i) => (i === 80 ? byte ^ 1 : byte)) },
  ])

  const rejections: unknown[] = []
  const onRejection = (error: unknown) => rejections.push(error)
  process.on('unhandledRejection', onRejection)
  const written = await exchange.writer.write('public', [{ op: 'profile', name: 'one', nodes: [] }])
  await expect(exchange.intake.wrote(written)).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
  await new Promise(resolve => setImmediate(resolve))
  process.off('unhandledRejection', onRejection)
  expect([written.seq, rejections]).toEqual([1, []])
})
