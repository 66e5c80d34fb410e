import { randomBytes } from 'node:crypto'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { expect, test, vi } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { DATA, frame, lineOf } from '../network/raw-yamux.ts'

async function hostilePeer() {
  const own = { net: 'main', nodeSeed: randomBytes(32), mode: 'public', mdns: false, topics: [] } as const
  const options = libp2pOptionsOf({ ...own, listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] })
  const libp2p = (await createLibp2p(options as unknown as Libp2pOptions)) as unknown as Network
  return Object.assign(libp2p, { [Symbol.asyncDispose]: async () => await libp2p.stop() })
}

const namesFourGiB = (connection: Connection) => void lineOf(connection).send(frame(DATA, 0, 1, 0xffff_ffff))
/** A message of bitswap that says nothing in 60,000 bytes, behind its length. */
const LONG = Buffer.concat([Buffer.from([0xe4, 0xd4, 0x03, 0x7a, 0xe0, 0xd4, 0x03]), Buffer.alloc(60_000)])
const saysMuch = async (connection: Connection) => {
  const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
  for (let i = 0; i < 20; i++) stream.send(LONG)
}
const saysNothing = async (connection: Connection) => {
  const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
  stream.send(Buffer.alloc(64 << 10))
}

test.each([
  ['breaks yamux', 'dropped: yamux frame too long', namesFourGiB],
  ['floods bitswap', 'dropped: bitswap flood', saysMuch],
  ['sends messages of bitswap without a byte', 'dropped: bitswap flood', saysNothing],
])('a peer that %s is counted with the reason, listed with it, and kept out', async (_, why, offend) => {
  await using peer = await hostilePeer()
  const home = await temporaryFolder()
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  await client.call('POST', '/api/peers', { body: { multiaddr: `${peer.getMultiaddrs()[0]}` } })
  const metrics = async () => await (await fetch(new URL('/metrics', node.ready.http))).text()
  const [connection] = peer.getConnections()
  const isCut = new Promise<void>(resolve => void connection!.addEventListener('close', () => resolve()))
  await offend(connection!)
  await isCut
  const listed = { id: `${peer.peerId}`, connected: false, refusals: { [why]: expect.any(Number) } }
  expect(await client.call('GET', '/api/peers')).toEqual([expect.objectContaining(listed)])
  expect(await metrics()).toContain(`hanse_refusals_total{code="${why}"} `)
  await peer.dial(multiaddr(node.ready.addresses[0]!), { force: true }).catch(() => {})
  await vi.waitFor(async () => expect(await metrics()).toContain('{code="connection kept out"} '))
})
