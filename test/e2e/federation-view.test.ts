import { expect, it } from 'vitest'
import { federationView } from '../../src/cli/commands/federation.ts'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

type Federation = Parameters<typeof federationView>[0]
interface PeerRow {
  readonly id: string
  readonly received: number
  readonly sent: number
}

it('an operator sees who mirrors what, how many copies there are, and what passed with each peer', async () => {
  await using publisher = await NodeProcess.start()
  await using mirror = await NodeProcess.start(['--bootstrap', publisher.address])
  await publisher.run('follow', mirror.ready.publisher)
  await publisher.run('publish', (await npmTarball({ name: 'lantern', version: '1.0.0' })).path, '--public')
  const alone = (await publisher.run('federation')) as unknown as Federation
  expect(alone.publishers[0]).toMatchObject({
    id: publisher.ready.publisher,
    relation: 'self',
    spread: { 1: 1 },
    least: [{ package: 'npm:lantern', copies: 1, proven: 1 }],
  })
  await mirror.run('mirror', publisher.ready.publisher)
  const both = await eventually(
    async () => (await publisher.run('federation', publisher.ready.publisher)) as unknown as Federation,
    ({ publishers }) => publishers[0]?.spread[2] === 1,
  )
  expect(both.publishers[0]?.mirrors.map(({ peer, isSelf, connected }) => [peer, isSelf, connected])).toEqual([
    [publisher.ready.peerId, true, true],
    [mirror.ready.peerId, false, true],
  ])
  const seen = await eventually(
    async () => (await mirror.run('federation', publisher.ready.publisher)) as unknown as Federation,
    ({ publishers }) => publishers[0]?.freshness.state === 'fresh' && publishers[0].spread[2] === 1,
  )
  expect(seen.publishers[0]?.mirrors.map(({ peer }) => peer)).toEqual([mirror.ready.peerId, publisher.ready.peerId])
  const view = JSON.stringify(federationView(both))
  expect(view).toContain(`├─ mirror ${mirror.ready.peerId}, connected, not checked yet`)
  expect(view).toContain('└─ copies 1 package with 2')
  const peers = (await publisher.run('peer', 'list')) as unknown as PeerRow[]
  const row = peers.find(({ id }) => id === mirror.ready.peerId)
  expect(row?.received).toBeGreaterThan(0)
  expect(row?.sent).toBeGreaterThan(0)
  const metrics = await (await fetch(new URL('/metrics', publisher.ready.http))).text()
  expect(metrics).toContain(`hanse_peer_bytes{way="received",peer="${mirror.ready.peerId}"} `)
}, 120_000)
