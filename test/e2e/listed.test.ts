import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlockId, FeedId, PublisherId, RecordId } from '../../src/protocol/index.ts'
import { errorOf, eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'
import { TestPeer } from './test-peer.ts'

let publisher: NodeProcess
let member: NodeProcess
let stranger: TestPeer
let id: PublisherId
let feed: FeedId

interface Audience {
  readonly name: string | null
  readonly feed: FeedId
  readonly peers: readonly string[]
}
interface Published {
  readonly cid: BlockId
  readonly record: RecordId
}

async function publish(name: string, ...flags: string[]): Promise<Published> {
  const { path } = await npmTarball({ name, version: '1.0.0', description: `about ${name}` })
  return (await publisher.run('publish', path, ...flags)) as unknown as Published
}

const listAt = async (node: NodeProcess) => (await node.run('audience', 'list')) as unknown as readonly Audience[]
const installs = (node: NodeProcess, name: string) => node.try('install', `npm:${name}`, '--publisher', id)
const isInstalled = ({ code }: { code: number }) => code === 0

beforeAll(async () => {
  publisher = await NodeProcess.start()
  member = await NodeProcess.start(['--bootstrap', publisher.address])
  id = publisher.ready.publisher as PublisherId
  await member.run('allow', id, '--as', 'acme')
  stranger = await TestPeer.start()
  await stranger.connect(publisher)
  await stranger.connect(member)
})

afterAll(async () => {
  await stranger?.[Symbol.asyncDispose]()
  await member?.[Symbol.asyncDispose]()
  await publisher?.[Symbol.asyncDispose]()
})

describe('a release for an audience', () => {
  it('is found and installed by a peer on the list, and by this node', async () => {
    const made = (await publisher.run('audience', 'add', 'partners', member.ready.peerId)) as unknown as Audience
    expect(made.peers).toEqual([publisher.ready.peerId, member.ready.peerId])
    feed = made.feed
    expect(await publish('tiller', '--to', 'partners')).toMatchObject({ visibility: 'listed', audience: 'partners' })
    await eventually(() => installs(member, 'tiller'), isInstalled)
    expect(JSON.stringify(await member.run('search', 'tiller'))).toContain('pkg:npm/tiller')
    expect(JSON.stringify(await member.run('info', 'npm:tiller'))).toContain('"listed"')
    expect(isInstalled(await installs(publisher, 'tiller'))).toBe(true)
  }, 60_000)

  it('is shown to a peer off the list by nobody who has it, whatever it asks', async () => {
    const { cid, record } = await publish('keel', '--to', 'partners')
    await eventually(() => installs(member, 'keel'), isInstalled)
    await publish('mast', '--public')
    for (const node of [publisher, member]) {
      const heads = await eventually(
        () => stranger.heads(node, id),
        found => found.length === 2,
      )
      expect(heads.map(each => each.feed)).not.toContain(feed)
      expect(await stranger.chain(node, id, feed, record)).toEqual([])
      expect(await stranger.artifact(node, cid)).toBe('E_NOT_FOUND')
      expect(await stranger.blocks(node, [cid])).toEqual([false])
      expect((await stranger.search(node, 'keel')).filter(({ purl }) => purl.includes('keel'))).toEqual([])
    }
    const gossiped = Buffer.concat(stranger.gossip)
    expect(gossiped.includes('pkg:npm/mast')).toBe(true)
    for (const name of ['keel', 'tiller']) expect(gossiped.includes(name)).toBe(false)
  }, 60_000)

  it('comes to who is put on the list later, and not to who was taken off it', async () => {
    await using late = await NodeProcess.start(['--bootstrap', publisher.address])
    await late.run('allow', id, '--as', 'acme')
    await eventually(
      () => late.try('publishers'),
      ({ stdout }) => stdout.includes('"digest":"'),
    )
    expect(isInstalled(await installs(late, 'keel'))).toBe(false)
    await publisher.run('audience', 'add', 'partners', late.ready.peerId)
    await eventually(() => installs(late, 'keel'), isInstalled)
    const { peers } = (await publisher.run('audience', 'remove', 'partners', late.ready.peerId)) as unknown as Audience
    expect(peers).toEqual([publisher.ready.peerId, member.ready.peerId])
    await publish('rudder', '--to', 'partners')
    await publish('sail', '--public')
    await eventually(() => installs(late, 'sail'), isInstalled)
    await eventually(() => installs(member, 'rudder'), isInstalled)
    expect(isInstalled(await installs(late, 'rudder'))).toBe(false)
    expect(isInstalled(await installs(late, 'keel'))).toBe(true)
  }, 90_000)

  it('is for the same peers after a restart of all nodes', async () => {
    await publisher.end('SIGTERM')
    await member.end('SIGTERM')
    await publisher.restart()
    await member.restart(['--bootstrap', publisher.address])
    expect(await listAt(publisher)).toMatchObject([{ name: 'partners', feed }])
    const { cid } = await publish('anchor', '--to', 'partners')
    await eventually(() => installs(member, 'anchor'), isInstalled)
    await stranger.connect(publisher)
    await stranger.connect(member)
    for (const node of [publisher, member]) {
      expect((await stranger.heads(node, id)).map(each => each.feed)).not.toContain(feed)
      expect(await stranger.artifact(node, cid)).toBe('E_NOT_FOUND')
    }
    const keys = (await publisher.run('key', 'list')) as unknown as readonly { role: string; id: string }[]
    expect(keys).toContainEqual(expect.objectContaining({ role: 'writer (listed, partners)', id: feed }))
  }, 90_000)

  it('may become public, and then is for everyone', async () => {
    const { path } = await npmTarball({ name: 'keel', version: '1.0.0', description: 'about keel' })
    const opened = (await publisher.run('publish', path, '--public')) as unknown as Published
    expect(await stranger.artifact(publisher, opened.cid)).toBeGreaterThan(0)
    const again = await publisher.run('publish', path, '--to', 'partners')
    expect(again).toMatchObject({ already: true, visibility: 'public' })
  })

  it('needs an audience that there is, and is not public too', async () => {
    const { path } = await npmTarball({ name: 'oar', version: '1.0.0' })
    expect(errorOf(await publisher.try('publish', path, '--to', 'nobody'))[1]).toBe('E_NOT_FOUND')
    expect(errorOf(await publisher.try('publish', path, '--to', 'partners', '--public'))[1]).toBe('E_USAGE')
    expect(errorOf(await publisher.try('audience', 'add', 'partners', 'x'))[1]).toBe('E_USAGE')
    expect(errorOf(await publisher.try('audience', 'add', 'No Name', member.ready.peerId))[1]).toBe('E_USAGE')
    expect(errorOf(await publisher.try('audience', 'remove', 'partners', stranger.id))[1]).toBe('E_NOT_FOUND')
    const self = publisher.ready.peerId
    expect(errorOf(await publisher.try('audience', 'remove', 'partners', self))[1]).toBe('E_USAGE')
  })
})
