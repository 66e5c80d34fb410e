import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layoutOf } from '../../src/federation/index.ts'
import {
  type BlockId,
  type FeedId,
  type PublisherId,
  parseAnnouncement,
  parseRecord,
  type RecordId,
} from '../../src/protocol/index.ts'
import { eventually, NodeProcess } from './hanse-process.ts'
import { IpfsNode } from './ipfs-node.ts'
import { npmTarball } from './npm-package.ts'
import { TestPeer } from './test-peer.ts'

const MIB = 1 << 20
/** Longer than a manifest that fits into its record, so that it is kept as a block of its own. */
const LONG_TEXT = 'cannon '.repeat(3_000)

interface Published {
  readonly path: string
  readonly record: RecordId
  readonly cid: BlockId
  readonly bytes: Buffer
  readonly leaves: readonly BlockId[]
}

let node: NodeProcess
let peer: TestPeer
let publisher: PublisherId
let privateFeed: FeedId
let publicFeed: FeedId
let open: Published
let openLarge: Published
let secret: Published
let secretLarge: Published
let manifest: BlockId

async function publish(name: string, padBytes: number, ...flags: string[]): Promise<Published> {
  const description = name.startsWith('secret') ? `hides cannon ${LONG_TEXT}` : 'carries herring'
  const tarball = await npmTarball({ name, version: '1.0.0', description }, padBytes)
  const { record, cid } = await node.run('publish', tarball.path, ...flags)
  const bytes = await readFile(tarball.path)
  const layout = await layoutOf([bytes])
  expect(layout.cid).toBe(cid)
  return { path: tarball.path, record: record as RecordId, cid: cid as BlockId, bytes, leaves: layout.leaves }
}

beforeAll(async () => {
  node = await NodeProcess.start()
  publisher = node.ready.publisher as PublisherId
  open = await publish('herring', 0, '--public')
  openLarge = await publish('herring-fleet', 2.5 * MIB, '--public')
  secret = await publish('secret', 0)
  secretLarge = await publish('secret-fleet', 2.5 * MIB)
  const text = JSON.stringify({ name: 'secret', version: '1.0.0', description: `hides cannon ${LONG_TEXT}` })
  manifest = (await layoutOf([Buffer.from(text)])).cid
  peer = await TestPeer.start()
  await peer.connect(node)
  const feeds = await node.feeds()
  privateFeed = feeds.private
  publicFeed = feeds.public
})

afterAll(async () => {
  await peer?.[Symbol.asyncDispose]()
  await node?.[Symbol.asyncDispose]()
})

const secretBlocks = () => [secret.cid, secretLarge.cid, ...secretLarge.leaves, manifest]

describe('a private package, to a peer that knows every id of it', () => {
  it('is not in the feed protocol', async () => {
    const heads = await peer.heads(node, publisher)
    expect(heads.map(({ feed }) => feed)).toEqual(['root', publicFeed])
    expect(await peer.chain(node, publisher, privateFeed, secretLarge.record)).toEqual([])
    expect(await peer.chain(node, publisher, publicFeed, secretLarge.record)).toEqual([])
    const records = await peer.chain(node, publisher, publicFeed, openLarge.record)
    expect(records.map(({ id }) => id)).toEqual([open.record, openLarge.record])
  })

  it('is not sent by the content protocol, whole or block by block', async () => {
    for (const cid of secretBlocks()) expect(await peer.artifact(node, cid)).toBe('E_NOT_FOUND')
    const asked = [...secretBlocks(), secret.record as string as BlockId, open.cid, openLarge.cid, ...openLarge.leaves]
    const sent = await peer.blocks(node, asked)
    expect(asked.filter((_, index) => sent[index])).toEqual([open.cid, openLarge.cid, ...openLarge.leaves])
    expect(await peer.artifact(node, open.cid)).toBe(open.bytes.length)
    expect(await peer.artifact(node, openLarge.cid)).toBeGreaterThan(openLarge.bytes.length)
  })

  it('is found by no search of a peer', async () => {
    const found = await peer.search(node, 'herring')
    expect(found.map(({ purl }) => purl).sort()).toEqual(['pkg:npm/herring-fleet@1.0.0', 'pkg:npm/herring@1.0.0'])
    for (const query of ['secret', 'cannon', 'secret-fleet', 'fleet cannon']) {
      const hits = await peer.search(node, query)
      expect(hits.filter(({ purl }) => purl.includes('secret'))).toEqual([])
    }
  })

  it('of which an older version is public, shows peers that version alone', async () => {
    const older = await npmTarball({ name: 'mixed', version: '1.0.0', description: 'salts anchovies' })
    const newer = await npmTarball({ name: 'mixed', version: '2.0.0', description: 'loads gunpowder' })
    await node.run('publish', older.path, '--public')
    const { cid } = await node.run('publish', newer.path)
    expect((await peer.search(node, 'anchovies')).map(({ purl }) => purl)).toEqual(['pkg:npm/mixed@1.0.0'])
    expect(await peer.search(node, 'gunpowder')).toEqual([])
    expect(await peer.artifact(node, cid as BlockId)).toBe('E_NOT_FOUND')
  })

  it('is announced neither by gossip nor as a changed head', async () => {
    const changed: FeedId[] = []
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)])
    const subscription = peer.changedHeads(node, publisher, signal)
    const first = subscription.next()
    // Heads are answered in order on one stream: once this is here, the subscription is open.
    await peer.heads(node, publisher)
    const hidden = await publish('secret-late', 0)
    const shown = await publish('herring-late', 0, '--public')
    for (let next = await first; !next.done; next = await subscription.next()) {
      changed.push(next.value.feed)
      if (next.value.id === shown.record) break
    }
    await subscription.return(undefined)
    expect(new Set(changed)).toEqual(new Set([publicFeed]))
    expect(await peer.chain(node, publisher, privateFeed, hidden.record)).toEqual([])
    const announced = peer.gossip
      .map(parseAnnouncement)
      .map(each => (each.k === 'record' ? parseRecord(each.envelope, { net: 'main' }) : null))
    expect(announced.at(-1)?.id).toBe(shown.record)
    expect(new Set(announced.map(record => record?.feed))).toEqual(new Set([publicFeed]))
  })

  it('has no provider in the DHT, where its publisher does', async () => {
    const named = await eventually(
      () => peer.providers(publisher),
      found => found.length > 0,
    )
    expect(named).toContain(node.ready.peerId)
    for (const cid of [secret.cid, secretLarge.cid, secret.record as string as BlockId])
      expect(await peer.providers(cid)).toEqual([])
  })

  it('is not sent over bitswap, by which a plain Helia node fetches what is public', async () => {
    await using ipfs = await IpfsNode.startConnectedTo(node)
    const refused = secretBlocks().map(cid =>
      ipfs.cat(cid, AbortSignal.timeout(2_000)).then(
        () => 'sent',
        () => 'not sent',
      ),
    )
    const signal = AbortSignal.timeout(10_000)
    expect(sha256(await ipfs.cat(open.cid, signal))).toBe(sha256(open.bytes))
    expect(sha256(await ipfs.cat(openLarge.cid, signal))).toBe(sha256(openLarge.bytes))
    expect(new Set(await Promise.all(refused))).toEqual(new Set(['not sent']))
  })

  it('is sent once it is published as public', async () => {
    await node.run('publish', secret.path, '--public')
    expect(await peer.blocks(node, [manifest, secret.cid])).toEqual([true, true])
    expect(await peer.artifact(node, secret.cid)).toBe(secret.bytes.length)
    expect((await peer.search(node, 'secret')).map(({ purl }) => purl)).toContain('pkg:npm/secret@1.0.0')
    expect(await peer.artifact(node, secretLarge.cid)).toBe('E_NOT_FOUND')
  })
})

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
