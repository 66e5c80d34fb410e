import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { dialBackPortOf, dialledAddressesOf, targetOf } from '../../../src/node/network/dial-back-port.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { eventually } from '../../e2e/hanse-process.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const SEEN = '198.51.100.7'
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'own.example': [SEEN],
  'both.example': ['2001:db8::7', SEEN],
  'other.example': ['203.0.113.9'],
  'many.example': ['203.0.113.9', SEEN, '203.0.113.10'],
}
const resolve = async (name: string) => NAMES[name] ?? Promise.reject(new Error('no such name'))
const target = (address: string, hosts: readonly string[] = [SEEN]) => targetOf(address, hosts, resolve)

test.each([
  ['/ip4/198.51.100.7/tcp/7701', '/ip4/198.51.100.7/tcp/7701'],
  ['/ip4/198.51.100.7/tcp/7701/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK', '/ip4/198.51.100.7/tcp/7701'],
  ['/ip4/192.168.1.5/tcp/7701', '/ip4/198.51.100.7/tcp/7701'],
  ['/ip4/127.0.0.1/tcp/7702/ws', '/ip4/198.51.100.7/tcp/7702/ws'],
  ['/dns4/own.example/tcp/443/tls/ws', '/dns4/own.example/tcp/443/tls/ws'],
  ['/dns/both.example/tcp/443/tls/ws', '/dns/both.example/tcp/443/tls/ws'],
  ['/dns/both.example/tcp/7701', '/ip4/198.51.100.7/tcp/7701'],
  ['/dns4/own.example/tcp/80/ws', '/ip4/198.51.100.7/tcp/80/ws'],
])('%s is dialled at %s', async (address, at) => expect(await target(address)).toBe(at))

test.each([
  '/ip4/203.0.113.9/tcp/7701',
  '/ip6/2001:db8::1/tcp/7701',
  '/dns4/other.example/tcp/443/tls/ws',
  '/dns4/gone.example/tcp/443/tls/ws',
  '/dns4/many.example/tcp/443/tls/ws',
  '/dns4/many.example/tcp/7701',
  '/ip4/198.51.100.7/tcp/0',
  '/ip4/198.51.100.7/udp/53',
  '/ip4/198.51.100.7/tcp/7701/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK/p2p-circuit',
  '/unix/tmp/socket',
])('%s is not dialled', async address => expect(await target(address)).toBeNull())

test('whoever is met over a relay alone is not dialled', async () => {
  expect(await target('/ip4/198.51.100.7/tcp/7701', [])).toBeNull()
})

test('whoever comes through a proxy of this site is not dialled: it would be the proxy, or this machine', async () => {
  const [at, peer] = ['/ip4/127.0.0.1/tcp/22', '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK' as PeerId]
  const connected = (direction: 'inbound' | 'outbound', address: string) => {
    const connections = [{ direction, remoteAddr: multiaddr(address) }]
    return { getConnections: () => connections } as unknown as Parameters<typeof dialBackPortOf>[0]
  }
  const near = connected('inbound', '/ip4/127.0.0.1/tcp/5000/ws')
  expect(await dialBackPortOf(near, true).targetOf(at, peer)).toBeNull()
  expect(await dialBackPortOf(near, false).targetOf(at, peer)).toBe(at)
  expect(await dialBackPortOf(connected('outbound', '/ip4/127.0.0.1/tcp/5000/ws'), true).targetOf(at, peer)).toBe(at)
  const far = connected('inbound', `/ip4/${SEEN}/tcp/5000`)
  expect(await dialBackPortOf(far, true).targetOf(`/ip4/${SEEN}/tcp/7701`, peer)).toBe(`/ip4/${SEEN}/tcp/7701`)
})

test('whatever is asked, what is dialled is where the asker comes from', async () => {
  const part = fc.oneof(
    fc.constantFrom('ip4', 'dns4', 'tcp', 'ws', 'tls', SEEN, '10.0.0.1', '203.0.113.9', 'other.example', 'p2p-circuit'),
    fc.string(),
    fc.nat(70_000).map(String),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async parts => {
      const at = await target(`/${parts.join('/')}`)
      expect(at === null || at.startsWith(`/ip4/${SEEN}/tcp/`)).toBe(true)
    }),
  )
})

test('of many addresses one for each port is asked about, those for the world first', () => {
  expect(
    dialledAddressesOf([
      '/ip4/127.0.0.1/tcp/7701/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK',
      '/ip4/192.0.2.1/tcp/7701',
      '/ip4/192.168.1.5/tcp/7701',
      '/ip4/127.0.0.1/tcp/7702/ws',
      '/ip4/192.0.2.9/tcp/1/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK/p2p-circuit',
    ]),
  ).toEqual(['/ip4/192.0.2.1/tcp/7701', '/ip4/127.0.0.1/tcp/7702/ws'])
})

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

async function start(options: Partial<Parameters<typeof startNode>[0]>) {
  const home = join(await temporaryFolder(), 'home')
  const http = { host: '127.0.0.1', port: 0 }
  const node = stack.use(await startNode({ home, http, listen: ['/ip4/127.0.0.1/tcp/0'], ...options }))
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  const reachable = async () => (await client.call<{ reachable: string }>('GET', '/api/status')).reachable
  const contacts = async () =>
    (await client.call<{ contact?: string }[]>('GET', '/api/peers')).flatMap(({ contact }) => contact ?? [])
  return { node, reachable, contacts, ready: async () => (await fetch(`${node.ready.http}/readyz`)).status }
}

test('a node says whether others could dial it and what to do where they could not; peers know whom to tell of abuse', async () => {
  const harbour = await start({})
  expect(await harbour.reachable()).toBe('unknown: no peer could try yet')
  const bootstrap = harbour.node.ready.addresses
  const env = { HANSE_NETWORK_CONTACT: 'abuse@shut.example' }
  const shut = await start({ bootstrap, announce: ['/ip4/127.0.0.1/tcp/1'], env })
  const [yes, no] = await Promise.all([
    eventually(harbour.reachable, text => !text.startsWith('unknown')),
    eventually(shut.reachable, text => !text.startsWith('unknown')),
  ])
  expect(yes).toMatch(/^yes, at \/ip4\/127\.0\.0\.1\/tcp\/\d+ \(asked 1 peer\)$/)
  expect(no).toMatch(/^no \(asked 1 peer\): .*--announce/)
  expect(await shut.ready()).toBe(200)
  const told = await eventually(harbour.contacts, contacts => contacts.length > 0)
  expect(told).toEqual(['abuse@shut.example'])
}, 60_000)
