import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createLibp2p } from 'libp2p'
import { describe, expect, it, vi } from 'vitest'
import { groupOfAddress, siteOfAddress } from '../../../src/node/network/address-group.ts'
import { AddressLimits } from '../../../src/node/network/address-limits.ts'
import { reachOfAddress, reachOfPeer } from '../../../src/node/network/address-reach.ts'
import { InboundDoor, MAX_WAIT_MS } from '../../../src/node/network/inbound-door.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

describe('an address', () => {
  it.each([
    ['/ip4/192.0.2.7/tcp/1', 'world', '192.0', '192.0.2.7'],
    ['/ip6/2001:db8:1:2:3::4/tcp/1', 'world', '2001:db8', '2001:db8:1:2'],
    ['/ip6/2001:db8::1/tcp/1', 'world', '2001:db8', '2001:db8:0:0'],
    ['/ip6/2001::1/tcp/1', 'world', '2001:0', '2001:0:0:0'],
    ['/dns4/a.node.example.org/tcp/443/wss', 'world', 'example.org', 'a.node.example.org'],
    ['/ip4/127.0.0.1/tcp/1', 'machine', null, null],
    ['/ip4/0.0.0.0/tcp/1', 'machine', null, null],
    ['/ip6/::1/tcp/1', 'machine', null, null],
    ['/dns4/localhost/tcp/1', 'machine', null, null],
    ['/unix/tmp', 'machine', null, null],
    ['/ip4/10.1.2.3/tcp/1', 'site', null, null],
    ['/ip4/100.64.0.1/tcp/1', 'site', null, null],
    ['/ip6/fe80::1/tcp/1', 'site', null, null],
    ['/dns4/registry/tcp/1', 'site', null, null],
    ['/dns4/registry.internal/tcp/1', 'site', null, null],
  ])('%s reaches the %s, is of range %s and site %s', (address, reach, range, site) => {
    expect([reachOfAddress(address), groupOfAddress(address), siteOfAddress(address)]).toEqual([reach, range, site])
  })

  it('of a peer is the widest seen; through a relay, or to an announced node from what stands before it, the world', () => {
    const seen = (direction: 'inbound' | 'outbound', remote: string) => ({ direction, remote })
    const near = seen('inbound', '/ip4/127.0.0.1/tcp/1')
    expect(reachOfPeer([], false)).toBeNull()
    expect(reachOfPeer([near], false)).toBe('machine')
    expect(reachOfPeer([near], true)).toBe('world')
    expect(reachOfPeer([near, seen('outbound', '/ip4/10.0.0.1/tcp/1')], false)).toBe('site')
    expect(reachOfPeer([seen('outbound', '/ip4/10.0.0.1/tcp/1/p2p/12D3KooWx/p2p-circuit')], false)).toBe('world')
  })
})

describe('limits of addresses', () => {
  it('hold for one address and for one range, and let in again what went', () => {
    const limits = new AddressLimits({ perAddress: 2, perRange: 3 })
    const first = limits.enter('/ip4/192.0.2.1/tcp/1')
    expect(limits.enter('/ip4/192.0.2.1/tcp/2')).not.toBeNull()
    expect(limits.enter('/ip4/192.0.2.1/tcp/3')).toBeNull()
    expect(limits.enter('/ip4/192.0.2.2/tcp/1')).not.toBeNull()
    expect(limits.enter('/ip4/192.0.9.9/tcp/1')).toBeNull()
    expect(limits.enter('/ip4/198.51.100.1/tcp/1')).not.toBeNull()
    first?.()
    first?.()
    expect(limits.enter('/ip4/192.0.2.1/tcp/3')).not.toBeNull()
    expect(limits.enter('/ip4/192.0.2.1/tcp/4')).toBeNull()
  })

  it('count one /64 of IPv6 as one address, and nothing that is local', () => {
    const limits = new AddressLimits({ perAddress: 1, perRange: 1 })
    expect(limits.enter('/ip6/2001:db8::1/tcp/1')).not.toBeNull()
    expect(limits.enter('/ip6/2001:db8::2/tcp/1')).toBeNull()
    for (let i = 0; i < 100; i++) {
      expect(limits.enter('/ip4/127.0.0.1/tcp/1')).not.toBeNull()
      expect(limits.enter(`/ip4/10.0.0.${i}/tcp/1`)).not.toBeNull()
    }
  })

  it('count no circuits, which have the address of their relay', () => {
    const limits = new AddressLimits({ perAddress: 1, perRange: 1 })
    const relay = '/ip4/192.0.2.1/tcp/1'
    expect(limits.enter(relay)).not.toBeNull()
    for (let i = 0; i < 100; i++) expect(limits.enter(`${relay}/p2p/relay/p2p-circuit/p2p/peer${i}`)).not.toBeNull()
    expect(limits.enter(relay)).toBeNull()
  })

  it('count half-open connections over real sockets, and give the place back when one closes', async () => {
    await using stack = new AsyncDisposableStack()
    const addressLimits = new AddressLimits({ perAddress: 2, perRange: 300, siteOf: () => 'one', rangeOf: () => null })
    const clock = new HandClock()
    const door = new InboundDoor(clock)
    const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, topics: [] }
    const nodeSeed = new Uint8Array(32).fill(1)
    const libp2p = await createLibp2p(
      libp2pOptionsOf({ net: 'limits', nodeSeed, mode: 'public', ...place, addressLimits, door }),
    )
    stack.defer(() => libp2p.stop())
    const dialler = await createLibp2p(
      libp2pOptionsOf({ net: 'limits', nodeSeed: new Uint8Array(32).fill(2), mode: 'public', ...place }),
    )
    stack.defer(() => dialler.stop())
    const port = Number(/\/tcp\/(\d+)/.exec(libp2p.getMultiaddrs()[0]!.toString())![1])
    const open = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1')
      stack.defer(() => void socket.destroy())
      const closed = new Promise<void>(resolve => socket.on('error', () => {}).on('close', () => resolve()))
      // Who is let in is answered, and then says no more: half open.
      socket.write('\u0013/multistream/1.0.0\n')
      await Promise.race([once(socket, 'data').catch(() => {}), closed])
      return socket
    }
    const half = await open()
    const other = await open()
    const third = open()
    await vi.waitFor(() => expect(door.sizes.waiting).toBe(1), { timeout: 20_000 })
    clock.pass(MAX_WAIT_MS)
    expect([half.destroyed, other.destroyed, (await third).destroyed]).toEqual([false, false, true])
    half.destroy()
    other.destroy()
    const connected = new Promise(resolve => libp2p.addEventListener('connection:open', resolve, { once: true }))
    const dialled = async () => {
      for (;;) {
        const connection = await dialler.dial(libp2p.getMultiaddrs()).catch(() => null)
        if (connection !== null) return connection
      }
    }
    const connection = await dialled()
    await connected
    expect(connection.status).toBe('open')
    // One place is taken by the connection; when it is closed, there are two again.
    const closed = new Promise(resolve => libp2p.addEventListener('connection:close', resolve, { once: true }))
    await connection.close()
    await closed
    const [again, too] = [await open(), await open()]
    expect([again.destroyed, too.destroyed]).toEqual([false, false])
  })
})
