import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { doctorHome, type RunningNode, startNode } from '../../../src/node/index.ts'
import { openLevelDatabase } from '../../../src/node/storage/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const http = { host: '127.0.0.1', port: 0 }
const atHome = async (home: string, peers: readonly RunningNode[] = []) => {
  const bootstrap = peers.map(({ ready }) => ready.addresses[0]!)
  const node = await startNode({ home, http, network: 'public', listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  return Object.assign(node, { client, home })
}
type Node = Awaited<ReturnType<typeof atHome>>

async function publish({ client }: Node, name: string, bytes = name): Promise<unknown> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, bytes)
  return await publishFile(client, path, { purl: `generic:${name}@1`, public: !name.startsWith('hidden') })
}

async function knows({ client }: Node, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    names.map(name =>
      client.call('GET', '/api/info', { query: { purl: `generic:${name}` } }).then(
        () => name,
        () => null,
      ),
    ),
  )
  return found.filter(name => name !== null)
}

/** Flips a bit in the third record of the longest writer feed, or in the second of the root feed. */
async function damage(home: string, which: 'root' | 'longest'): Promise<void> {
  await using database = await openLevelDatabase(join(home, 'database'))
  const feeds = Map.groupBy(await database.table('records').keys().all(), key => key.split('/')[1]!)
  const roots = feeds.get('root')!
  feeds.delete('root')
  const key = which === 'root' ? roots[1]! : [...feeds.values()].toSorted((a, b) => b.length - a.length)[0]![2]!
  const value = Uint8Array.from((await database.table('records').get(key))!)
  value[value.length - 5]! ^= 1
  await database.commit([{ type: 'put', table: 'records', key, value }])
}

const readyOf = async ({ ready }: Node) => {
  const answer = await fetch(new URL('/readyz', ready.http))
  return { status: answer.status, text: await answer.text() }
}
const repaired = async (home: string) => {
  const findings = []
  for await (const { problem, repaired } of doctorHome(home, { repair: true })) findings.push({ problem, repaired })
  return findings
}
const charts = ['one', 'two', 'three', 'four', 'five', 'six']
const hidden = charts.map(name => `hidden-${name}`)
const refused = { code: 'E_RECORD_CORRUPT', hint: expect.stringContaining('hanse doctor --repair') }

test('a node whose own root feed is damaged serves, says so, writes nothing and is whole again after a repair', async () => {
  const home = join(await temporaryFolder(), 'home')
  const rejections: unknown[] = []
  const onRejection = (error: unknown) => rejections.push(error)
  process.on('unhandledRejection', onRejection)
  {
    await using node = await atHome(home)
    await publish(node, 'one')
  }
  await damage(home, 'root')
  {
    await using node = await atHome(home)
    await expect(publish(node, 'two')).rejects.toMatchObject(refused)
    expect(await readyOf(node)).toMatchObject({ status: 503, text: expect.stringContaining('E_RECORD_CORRUPT') })
    expect(await node.client.call('GET', '/api/status')).toMatchObject({ publisher: node.ready.publisher })
  }
  await repaired(home)
  {
    await using node = await atHome(home)
    expect((await readyOf(node)).status).toBe(200)
    await publish(node, 'two')
    expect(await knows(node, ['one', 'two'])).toEqual(['one', 'two'])
  }
  process.off('unhandledRejection', onRejection)
  expect(rejections).toEqual([])
}, 60_000)

test('a damaged private record takes no other with it: nothing is deleted, reused or published again with other bytes', async () => {
  const home = join(await temporaryFolder(), 'home')
  const records = async () => {
    await using database = await openLevelDatabase(join(home, 'database'))
    return (await database.table('records').values().all()).filter(({ length }) => length > 100).length
  }
  {
    await using node = await atHome(home)
    for (const name of hidden) await publish(node, name)
  }
  const before = await records()
  await damage(home, 'longest')
  for (const repair of [false, true]) {
    if (repair)
      expect(await repaired(home)).toMatchObject([
        { repaired: true },
        { problem: expect.stringContaining('hanse restore FILE'), repaired: false },
      ])
    expect(await records()).toBe(repair ? before - 1 : before)
    await using node = await atHome(home)
    await expect(publish(node, hidden[4]!, 'other bytes')).rejects.toMatchObject(refused)
    await expect(publish(node, 'new')).rejects.toMatchObject(refused)
    expect(await knows(node, hidden)).toEqual(hidden.slice(0, 2))
  }
  expect(await records()).toBe(before - 1)
}, 60_000)

test('a lost public record comes back from a peer, to the publisher and to a follower, and publishing goes on', async () => {
  const folder = await temporaryFolder()
  const homes = [join(folder, 'publisher'), join(folder, 'mirror')] as const
  const nodes: [Node, Node] = [await atHome(homes[0]), await atHome(homes[1])]
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    for (const node of nodes) await node[Symbol.asyncDispose]()
  })
  const { publisher } = nodes[0].ready
  const digestAt = async ({ client }: Node) => {
    const rows = await client.call<{ id: string; digest: string }[]>('GET', '/api/publishers')
    return rows.find(({ id }) => id === publisher)?.digest
  }
  /** What one merely hears of by asking the other is not in the digest. */
  const holds = async (node: Node, digest: string | undefined) =>
    await vi.waitFor(async () => expect(await digestAt(node)).toBe(digest), { timeout: 60_000, interval: 100 })
  for (const name of charts) await publish(nodes[0], name)
  await nodes[1].client.call('POST', '/api/peers', { body: { multiaddr: nodes[0].ready.addresses[0] } })
  await nodes[1].client.call('POST', '/api/relations', { body: { publisher, action: 'follow' } })
  const whole = await digestAt(nodes[0])
  await holds(nodes[1], whole)
  for (const [broken, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    await nodes[broken][Symbol.asyncDispose]()
    await damage(homes[broken], 'longest')
    await repaired(homes[broken])
    nodes[broken] = await atHome(homes[broken], [nodes[other]])
    await holds(nodes[broken], whole)
    expect((await readyOf(nodes[broken])).status).toBe(200)
  }
  await publish(nodes[0], 'seven')
  await holds(nodes[1], await digestAt(nodes[0]))
  expect(await knows(nodes[1], [...charts, 'seven'])).toEqual([...charts, 'seven'])
}, 180_000)
