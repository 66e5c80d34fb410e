import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { expect, test, vi } from 'vitest'
import { startNode } from '../../../src/node/index.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'
import { FollowEverything } from '../../../src/node/unknown/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

async function plainPeer(): Promise<Libp2p & AsyncDisposable> {
  const options = libp2pOptionsOf({
    ...{ net: 'main', nodeSeed: randomBytes(32), mode: 'public', listen: [], announce: [], mdns: false, topics: [] },
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
