import { connect, type Socket } from 'node:net'
import { createLibp2p } from 'libp2p'
import { expect, test, vi } from 'vitest'
import {
  FAILED_APART_MS,
  FAILED_REST_MS,
  InboundDoor,
  type Leave,
  MAX_HANDSHAKES,
  MAX_HANDSHAKES_PER_ADDRESS,
  MAX_WAIT_MS,
  MAX_WAITING_SOCKETS,
} from '../../../src/node/network/inbound-door.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const { signal } = new AbortController()
const WAIT = { timeout: 20_000, interval: 50 }

/** So many that want in from an address; answers what became of each so far. */
function arrivals(door: InboundDoor, address: string, count: number) {
  const leaves: Leave[] = []
  const seen = { in: 0, refused: 0 }
  for (let i = 0; i < count; i++)
    void door.enter(address, signal).then(leave => {
      if (leave === null) seen.refused++
      else leaves.push(leave)
      seen.in = leaves.length
    })
  return { seen, leaves }
}
const settled = () => new Promise(resolve => setImmediate(resolve))

test('what one address cannot begin waits, the first to come first, and is refused after a while', async () => {
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  const many = arrivals(door, 'a', MAX_HANDSHAKES_PER_ADDRESS + 2)
  await settled()
  expect(many.seen).toEqual({ in: MAX_HANDSHAKES_PER_ADDRESS, refused: 0 })
  many.leaves[0]!('done')
  many.leaves[0]!('done')
  await settled()
  expect(many.seen).toEqual({ in: MAX_HANDSHAKES_PER_ADDRESS + 1, refused: 0 })
  clock.pass(MAX_WAIT_MS)
  await settled()
  expect(many.seen.refused).toBe(1)
  expect(door.sizes).toEqual({ handshakes: MAX_HANDSHAKES_PER_ADDRESS, waiting: 0 })
})

test('a handshake that failed keeps its place from its own address for a while, and from no other', async () => {
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  const many = arrivals(door, 'a', MAX_HANDSHAKES_PER_ADDRESS + 1)
  await settled()
  for (const leave of [...many.leaves]) leave('failed')
  await settled()
  expect(many.seen.in).toBe(MAX_HANDSHAKES_PER_ADDRESS)
  const other = arrivals(door, 'b', MAX_HANDSHAKES_PER_ADDRESS)
  await settled()
  expect(other.seen.in).toBe(MAX_HANDSHAKES_PER_ADDRESS)
  clock.pass(FAILED_REST_MS)
  await settled()
  expect(many.seen.in).toBe(MAX_HANDSHAKES_PER_ADDRESS + 1)
})

test('places that failed together come back one after the other', async () => {
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  const many = arrivals(door, 'a', 3 * MAX_HANDSHAKES_PER_ADDRESS)
  await settled()
  for (const leave of [...many.leaves]) leave('failed')
  clock.pass(FAILED_REST_MS + FAILED_APART_MS)
  await settled()
  expect(many.seen.in).toBe(MAX_HANDSHAKES_PER_ADDRESS + 2)
  clock.pass(FAILED_APART_MS * (MAX_HANDSHAKES_PER_ADDRESS - 2))
  await settled()
  expect(many.seen.in).toBe(2 * MAX_HANDSHAKES_PER_ADDRESS)
})

test('an address that fills its places and the waiting room keeps no other out', async () => {
  const door = new InboundDoor(new HandClock())
  const crowd = arrivals(door, 'crowd', MAX_WAITING_SOCKETS + 1_000)
  await settled()
  const other = arrivals(door, 'other', MAX_HANDSHAKES)
  await settled()
  expect(other.seen).toEqual({ in: MAX_HANDSHAKES - MAX_HANDSHAKES_PER_ADDRESS, refused: 0 })
  expect(door.sizes).toEqual({ handshakes: MAX_HANDSHAKES, waiting: MAX_WAITING_SOCKETS })
  for (const leave of [...other.leaves]) leave('done')
  await settled()
  expect(other.seen.in).toBe(2 * (MAX_HANDSHAKES - MAX_HANDSHAKES_PER_ADDRESS))
  expect(crowd.seen.in).toBe(MAX_HANDSHAKES_PER_ADDRESS)
})

test('who is refused in any case waits and takes no place', async () => {
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  let isOver = false
  const held = door.hold('a', signal).then(() => {
    isOver = true
  })
  arrivals(door, 'a', MAX_HANDSHAKES_PER_ADDRESS)
  clock.pass(MAX_WAIT_MS - 1)
  await settled()
  expect([isOver, door.sizes]).toEqual([false, { handshakes: MAX_HANDSHAKES_PER_ADDRESS, waiting: 1 }])
  clock.pass(1)
  await held
})

test('half-open sockets wait behind those that take all places, and are closed after a while', async () => {
  await using stack = new AsyncDisposableStack()
  const clock = new HandClock()
  const door = new InboundDoor(clock)
  const start = async (seed: number, own: object) => {
    const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, topics: [], ...own }
    const nodeSeed = new Uint8Array(32).fill(seed)
    const libp2p = await createLibp2p(libp2pOptionsOf({ net: 'door', nodeSeed, mode: 'public', ...place }))
    stack.defer(() => libp2p.stop())
    return libp2p
  }
  const [libp2p, peer] = [await start(1, { door }), await start(2, {})]
  const port = Number(/\/tcp\/(\d+)/.exec(libp2p.getMultiaddrs()[0]!.toString())![1])
  const closed = new Set<Socket>()
  const sockets = Array.from({ length: 200 }, () => {
    const socket = connect(port, '127.0.0.1')
    return socket.on('error', () => {}).on('close', () => closed.add(socket))
  })
  stack.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  await vi.waitFor(() => expect(door.sizes.handshakes + door.sizes.waiting).toBe(200), WAIT)
  expect(door.sizes.handshakes).toBeLessThanOrEqual(MAX_HANDSHAKES_PER_ADDRESS)
  expect(closed.size).toBe(0)
  const { waiting } = door.sizes
  clock.pass(MAX_WAIT_MS)
  await vi.waitFor(() => expect(closed.size).toBe(waiting), WAIT)
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(() => expect(door.sizes).toEqual({ handshakes: 0, waiting: 0 }), WAIT)
  const connection = await vi.waitFor(() => peer.dial(libp2p.getMultiaddrs()), WAIT)
  expect(connection.status).toBe('open')
})
