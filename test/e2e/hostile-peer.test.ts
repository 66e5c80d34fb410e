import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  encodeFrame,
  encodeHello,
  encodeRequest,
  FRAME,
  FrameReader,
  MAX_FRAME_BYTES,
  parseAnnouncement,
  parseEnd,
  parseRecord,
} from '../../src/protocol/index.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { bytesOf, ForgingPublisher } from './forging-publisher.ts'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'
import { TestPeer } from './test-peer.ts'

const MIB = 1 << 20
let node: NodeProcess

const recordOf = (message: Uint8Array) => {
  const announced = parseAnnouncement(message)
  return announced.k === 'record' ? parseRecord(announced.envelope, { net: 'main' }) : null
}

beforeAll(async () => {
  node = await NodeProcess.start()
})

afterAll(async () => {
  await node?.[Symbol.asyncDispose]()
})

async function connectedPeers(): Promise<string[]> {
  const peers = (await node.run('peer', 'list')) as unknown as { id: string; connected: boolean }[]
  return peers.filter(({ connected }) => connected).map(({ id }) => id)
}

const partials = async () => (await readdir(join(node.home, 'partial'))).toSorted()

/** The node knows every release of the publisher that a peer of its own serves. */
async function followed(publisher: ForgingPublisher, peer: TestPeer, releases: number): Promise<void> {
  await peer.connect(node)
  await node.run('allow', publisher.id)
  await eventually(
    async () => (await node.run('publishers')) as unknown as { id: string; releases: number }[],
    rows => rows.find(({ id }) => id === publisher.id)?.releases === releases,
  )
}

describe('a peer that sends altered bytes on purpose', () => {
  it.each([
    ['small', 5_000, 0],
    ['large', 2.5 * MIB, 0],
    ['half good', 2.5 * MIB, 1],
  ])('is refused and dropped for a %s artifact, of which only verified leaves are kept', async (word, size, leaf) => {
    const publisher = new ForgingPublisher()
    await publisher.begin()
    const altered = `altered-${word.replace(' ', '-')}`
    const bytes = bytesOf(word, size)
    const { leaves, sha256 } = await publisher.release(altered, '1.0.0', bytes)
    await using peer = await TestPeer.start({ feed: publisher.feedHandler(), content: publisher.contentHandler() })
    await followed(publisher, peer, 1)
    publisher.shelf.alter(leaves[leaf]!)

    const folder = await temporaryFolder()
    const refused = await node.try('install', `npm:${altered}`, '--to', folder)
    expect(refused.json).toMatchObject({ error: { code: 'E_ARTIFACT_ALTERED' } })
    expect(refused.code).toBe(5)
    expect(await readdir(folder)).toEqual([])
    await peer.dropped(node)
    await peer.connect(node).catch(() => {})
    await peer.dropped(node)
    expect(await connectedPeers()).not.toContain(peer.id)
    expect(await partials()).toEqual(
      leaf === 0 ? [] : [expect.stringMatching(`^${sha256}-.*${size}$`), expect.stringMatching(/\.root$/)],
    )
    const verified = bytes.subarray(0, leaf * MIB)
    for (const name of (await partials()).slice(0, 1)) {
      const kept = await readFile(join(node.home, 'partial', name))
      expect(kept.subarray(0, verified.length).equals(verified)).toBe(true)
      expect(kept.subarray(verified.length).every(byte => byte === 0)).toBe(true)
    }

    // The same bytes unaltered, from a peer that did nothing wrong, are welcome.
    publisher.shelf.alter(leaves[leaf]!)
    await using honest = await TestPeer.start({ feed: publisher.feedHandler(), content: publisher.contentHandler() })
    await honest.connect(node)
    const installed = await node.run('install', `npm:${altered}`, '--to', folder)
    expect(installed).toMatchObject({ sha256, from: honest.id })
    expect(await partials()).toEqual([])
  })

  it('is dropped for a record whose signature is broken, and nothing of its feed is taken', async () => {
    const publisher = new ForgingPublisher()
    await publisher.begin()
    await publisher.release('unsigned', '1.0.0', bytesOf('unsigned', 100))
    const spoil = (part: Uint8Array) => {
      const bytes = Uint8Array.from(part)
      if (bytes.length > 300) bytes[bytes.length - 20]! ^= 1
      return bytes
    }
    await using peer = await TestPeer.start({ feed: publisher.feedHandler(spoil) })
    await peer.connect(node)
    const dropped = peer.dropped(node)
    await node.run('follow', publisher.id)
    await dropped
    expect((await node.run('search', 'unsigned', '--local')).hits).toEqual([])
  })
})

describe('a peer that breaks the framing', () => {
  const hello = encodeFrame(FRAME.hello, 0, encodeHello())
  const header = (length: number) => {
    const bytes = Buffer.alloc(9)
    bytes.writeUInt32BE(length)
    bytes[4] = FRAME.request
    return bytes
  }
  const request = (id: number) => encodeFrame(FRAME.request, id, encodeRequest(64 << 10, Uint8Array.of(0xff)))

  it.each([
    ['garbage instead of a HELLO', 'feed', randomBytes(4096)],
    ['zeros', 'search', Buffer.alloc(64)],
    ['a message above the limit', 'content', Buffer.concat([hello, header(MAX_FRAME_BYTES + 1)])],
    ['a length of 4 GiB', 'feed', Buffer.concat([hello, header(0xffffffff)])],
    ['an unknown frame', 'search', Buffer.concat([hello, encodeFrame(0x55, 1)])],
    [
      'more requests than are allowed',
      'content',
      Buffer.concat([hello, ...Array.from({ length: 300 }, (_, n) => request(n + 1)), header(3)]),
    ],
  ] as const)('is dropped for %s, and the node goes on serving', async (_, protocol, bytes) => {
    await using peer = await TestPeer.start()
    await peer.connect(node)
    const stream = await peer.openRaw(node, protocol)
    stream.send(bytes)
    await peer.dropped(node)
    expect(await connectedPeers()).not.toContain(peer.id)
  })

  it('is answered that its request is too long, or none at all, and stays connected', async () => {
    await using peer = await TestPeer.start()
    await peer.connect(node)
    const stream = await peer.openRaw(node, 'feed')
    const tooLong = encodeFrame(FRAME.request, 1, encodeRequest(64 << 10, new Uint8Array(100_000)))
    const reader = new FrameReader()
    const ends = new Map<number, string | null>()
    const { promise: answered, resolve } = Promise.withResolvers<void>()
    stream.addEventListener('message', ({ data }) => {
      for (const frame of reader.push(Uint8Array.from(data.subarray()))) {
        if (typeof frame !== 'string' && frame.type === FRAME.end) ends.set(frame.id, parseEnd(frame.payload))
      }
      if (ends.size === 2) resolve()
    })
    stream.send(Buffer.concat([hello, tooLong, request(2)]))
    await answered
    expect([ends.get(1), ends.get(2)]).toEqual(['too-large', 'bad-request'])
    expect(await connectedPeers()).toContain(peer.id)
    expect((await node.run('status')).health).toBe('ok')
  })

  it('gets no gossip relayed that is too long or no record', async () => {
    await using other = await TestPeer.start()
    await other.connect(node)
    await using peer = await TestPeer.start()
    await peer.connect(node)
    const { pubsub } = peer.libp2p.services
    const [topic] = pubsub.getTopics()
    await pubsub.publish(topic!, randomBytes(400 << 10)).catch(() => {})
    await pubsub.publish(topic!, randomBytes(4 << 10)).catch(() => {})
    const tarball = await npmTarball({ name: 'afloat', version: '1.0.0' })
    const { record } = await node.run('publish', tarball.path, '--public')
    const heard = await eventually(
      async () => other.gossip.map(recordOf),
      records => records.some(each => each?.typ === 'release'),
    )
    // Beside the release, at most the node's word that it holds its own bytes.
    expect(heard.filter(each => each?.typ !== 'holds').map(each => each?.id)).toEqual([record])
  })
})

describe('a newer peer', () => {
  it('stalls nothing with a record of an unknown kind, or of a known kind with a further field, between releases', async () => {
    const publisher = new ForgingPublisher()
    await publisher.begin()
    await publisher.release('newer', '1.0.0', bytesOf('one', 100))
    await publisher.append('prophecy', { says: 'storm' })
    await publisher.append('release', { ops: [{ op: 'release', purl: 'pkg:npm/newer@1.5.0', omen: 1 }], further: true })
    await publisher.release('newer', '2.0.0', bytesOf('two', 100))
    await using peer = await TestPeer.start({ feed: publisher.feedHandler(), content: publisher.contentHandler() })
    await followed(publisher, peer, 2)
    const heads = await peer.heads(node, publisher.id)
    expect(heads.find(({ feed }) => feed === publisher.feed)?.seq).toBe(4)
    await publisher.append('prophecy', { says: 'calm' })
    await publisher.release('newer', '3.0.0', bytesOf('three', 100))
    const folder = await temporaryFolder()
    const installed = await eventually(
      () => node.try('install', 'npm:newer@3.0.0', '--to', folder),
      ({ code }) => code === 0,
    )
    expect(installed.json?.from).toBe(peer.id)
  })
})
