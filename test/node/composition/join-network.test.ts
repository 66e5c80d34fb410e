import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { expect, test, vi } from 'vitest'
import { SyncDriver } from '../../../src/federation/index.ts'
import { startNode } from '../../../src/node/index.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'
import { FollowEverything } from '../../../src/node/unknown/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

async function plainPeer(net = 'main'): Promise<Libp2p & AsyncDisposable> {
  const options = libp2pOptionsOf({
    ...{ net, nodeSeed: randomBytes(32), mode: 'public', listen: [], announce: [], mdns: false, topics: [] },
    ...{ isRelay: false, relays: new RelayClient() },
  })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  return Object.assign(libp2p, { [Symbol.asyncDispose]: async () => await libp2p.stop() })
}

/** A port that was free just now: who comes early has to know it before the node says it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('a peer that connects while the node is still opening is asked for records like any other', async () => {
  await using peer = await plainPeer()
  const asked = ['feed', 'peers'].map(
    protocol => new Promise<string>(resolve => void peer.handle(`/hanse/main/${protocol}/1`, () => resolve(protocol))),
  )
  const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const open = FollowEverything.open
  const opening = vi.spyOn(FollowEverything, 'open').mockImplementationOnce(async parts => {
    await peer.dial(multiaddr(listen))
    return await open.call(FollowEverything, parts)
  })
  const home = await temporaryFolder()
  await using _ = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, listen: [listen] })
  expect(opening).toHaveBeenCalledOnce()
  expect(await Promise.all(asked)).toEqual(['feed', 'peers'])
})

test('a peer that turns out to be of another network is gone for catching up while it stays connected', async () => {
  await using peer = await plainPeer('another')
  const came = vi.spyOn(SyncDriver.prototype, 'connected')
  const gone = Promise.withResolvers<string>()
  vi.spyOn(SyncDriver.prototype, 'disconnected').mockImplementationOnce(gone.resolve)
  const home = await temporaryFolder()
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, listen: ['/ip4/127.0.0.1/tcp/0'] })
  const connection = await peer.dial(node.ready.addresses.map(address => multiaddr(address)))
  expect(await gone.promise).toBe(`${peer.peerId}`)
  expect([came.mock.calls.map(([id]) => id), connection.status]).toEqual([[`${peer.peerId}`], 'open'])
})
