import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { type Published, publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../../src/node/index.ts'
import { eventually } from '../../e2e/hanse-process.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

interface Node {
  readonly running: RunningNode
  readonly client: ApiClient
  readonly folder: string
}
interface PeerRow {
  readonly id: string
  readonly addresses: readonly string[]
  readonly connected: boolean
}

const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

async function start(listen: readonly string[], env: Readonly<Record<string, string>>): Promise<Node> {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const running = stack.use(await startNode({ home, http: { host: '127.0.0.1', port: 0 }, listen, env }))
  return { running, folder, client: new ApiClient(running.ready.http, (await findRunFile(home))?.token) }
}

const circuitsOf = async ({ client }: Node) =>
  (await client.call<{ addresses: string[] }>('GET', '/api/status')).addresses.filter(each =>
    each.includes('/p2p-circuit'),
  )
const peersOf = ({ client }: Node) => client.call<PeerRow[]>('GET', '/api/peers')

let relay: Node
let office: Node
let home: Node
let shut: Node

beforeAll(async () => {
  relay = await start(['/ip4/127.0.0.1/tcp/0/ws'], { HANSE_NETWORK_RELAY: '1' })
  const [address = ''] = relay.running.ready.addresses
  expect(address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\//)
  office = await start([], { HANSE_NETWORK_RELAYS: address })
  home = await start([], { HANSE_NETWORK_BOOTSTRAP: address })
  // Seen at 127.0.0.1, where it does not listen.
  shut = await start(['/ip4/127.0.0.2/tcp/0'], { HANSE_NETWORK_BOOTSTRAP: address })
}, 60_000)

test('a node that listens nowhere is reached through a relay, over WebSocket', async () => {
  const [circuit = ''] = await eventually(
    () => circuitsOf(office),
    circuits => circuits.length > 0,
  )
  expect(circuit).toMatch(/\/ws\/p2p\/\w+\/p2p-circuit\/p2p\/\w+$/)
  const added = await home.client.call('POST', '/api/peers', { body: { multiaddr: circuit } })
  expect(added).toMatchObject({ connected: true })
}, 60_000)

test('a release is announced, found, and its bytes fetched over the relay', async () => {
  const { publisher } = office.running.ready
  await home.client.call('POST', '/api/relations', { body: { action: 'follow', publisher, patterns: [] } })
  await home.client.call('POST', '/api/relations', { body: { action: 'allow', publisher, patterns: ['generic:*'] } })
  const path = join(office.folder, 'plans.bin')
  await writeFile(path, randomBytes(300_000))
  const purl = 'pkg:generic/plans@1'
  const published: Published = await publishFile(office.client, path, { purl, public: true })
  await eventually(
    () => home.client.call('GET', '/api/search', { query: { q: 'plans', local: true } }),
    answer => JSON.stringify(answer).includes(publisher),
  )
  const installed = await home.client.call('POST', '/api/install', { body: { purl } })
  expect(installed).toMatchObject({ sha256: published.sha256 })
  const toOffice = (await peersOf(home)).filter(({ id }) => id === office.running.ready.peerId)
  for (const { addresses } of toOffice) expect(addresses.join()).toContain('/p2p-circuit')
}, 60_000)

test('a node that names no relay and that nobody could dial is reached through a peer that says it is one', async () => {
  const [circuit = ''] = await eventually(
    () => circuitsOf(shut),
    circuits => circuits.length > 0,
  )
  const { reachable } = await shut.client.call<{ reachable: string }>('GET', '/api/status')
  expect(reachable).toMatch(/^no \(asked \d+ peers?\); reached through a relay$/)
  expect(await circuitsOf(home)).toEqual([])
  const added = await home.client.call('POST', '/api/peers', { body: { multiaddr: circuit } })
  expect(added).toMatchObject({ connected: true })
}, 60_000)
