import { createHash } from 'node:crypto'
import { cp, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball, type Tarball } from './npm-package.ts'

interface PublisherRow {
  readonly id: string
  readonly digest: string
}

const lantern = (version: string) => npmTarball({ name: 'lantern', version, description: 'shows where the quay is' })

async function digestAt(node: NodeProcess, publisher: string): Promise<string | undefined> {
  const rows = (await node.try('publishers')).json as unknown as readonly PublisherRow[]
  return rows.find(({ id }) => id === publisher)?.digest
}

async function agree(a: NodeProcess, b: NodeProcess, publisher: string): Promise<void> {
  await eventually(
    async () => [await digestAt(a, publisher), await digestAt(b, publisher)],
    ([one, other]) => one !== undefined && one === other,
  )
}

/** Installs until it works, and compares the bytes. */
async function expectInstalled(node: NodeProcess, purl: string, { sha256 }: Tarball): Promise<void> {
  const folder = await temporaryFolder()
  const installed = await eventually(
    () => node.try('install', purl, '--to', folder),
    ({ code }) => code === 0,
  )
  const bytes = await readFile(installed.json?.path as string)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
}

async function readyz(node: NodeProcess): Promise<{ status: number; body: string }> {
  const answer = await fetch(new URL('/readyz', node.ready.http))
  return { status: answer.status, body: await answer.text() }
}

// Side by side: both wait for other processes most of their time.
describe.concurrent('a backup', () => {
  it('brings the publisher back on a new node that others install from, with what was published after it', async () => {
    await using publisher = await NodeProcess.start()
    await using mirror = await NodeProcess.start(['--bootstrap', publisher.address])
    const { publisher: id, peerId } = publisher.ready
    const [first, later, last, hidden] = await Promise.all([
      lantern('1.0.0'),
      lantern('1.1.0'),
      lantern('1.2.0'),
      npmTarball({ name: 'ledger', version: '1.0.0', description: 'what the harbour owes' }),
    ])
    await mirror.run('mirror', id)
    await publisher.run('publish', first.path, '--public')
    await publisher.run('publish', hidden.path)
    const file = join(await temporaryFolder(), 'harbour.backup')
    const written = await publisher.run('backup', file)
    expect(written).toMatchObject({ leftOutRecords: 0, leftOutArtifacts: 0 })
    expect(written).toMatchObject({ path: file, keyFile: `${file}.key` })
    for (const path of [file, `${file}.key`]) expect((await stat(path)).mode & 0o777).toBe(0o600)
    await publisher.run('publish', later.path, '--public')
    await eventually(
      () => mirror.run('status'),
      status => status.artifacts === 2,
    )
    const before = await publisher.try('key', 'list')
    await publisher.end('SIGKILL')

    await using restored = await NodeProcess.empty()
    expect(await restored.run('restore', file)).toMatchObject({ publisher: id, artifacts: 2, leftOutRecords: 0 })
    await restored.restart(['--bootstrap', mirror.address])
    expect(restored.ready.publisher).toBe(id)
    expect(restored.ready.peerId).not.toBe(peerId)
    await restored.run('publish', last.path, '--public')
    const feedsOf = (keys: unknown) =>
      (keys as { role: string; id: string }[]).filter(key => key.role.startsWith('writer')).map(key => key.id)
    const after = await restored.try('key', 'list')
    expect(feedsOf(after.json).filter(feed => feedsOf(before.json).includes(feed))).toEqual([])

    await agree(restored, mirror, id)
    await expectInstalled(restored, 'npm:lantern@1.1.0', later)
    await mirror.end('SIGKILL')
    await expectInstalled(restored, 'npm:lantern@1.0.0', first)
    await expectInstalled(restored, 'npm:ledger@1.0.0', hidden)
    await using client = await NodeProcess.start(['--bootstrap', restored.address])
    await client.run('allow', id, 'npm:*')
    await expectInstalled(client, 'npm:lantern@1.0.0', first)
    await expectInstalled(client, 'npm:lantern@1.2.0', last)
    expect((await client.try('info', 'npm:ledger')).code).toBe(3)
  }, 180_000)

  it('goes on to serve what was listed to the peers on the list, and lists for new audiences', async () => {
    await using publisher = await NodeProcess.start()
    const { publisher: id } = publisher.ready
    await using member = await NodeProcess.start(['--bootstrap', publisher.address])
    await member.run('allow', id, 'npm:*')
    const [charter, rider] = await Promise.all(
      ['charter', 'rider'].map(name => npmTarball({ name, version: '1.0.0', description: 'who may moor' })),
    )
    await publisher.run('audience', 'add', 'crew', member.ready.peerId)
    await publisher.run('publish', charter!.path, '--to', 'crew')
    // It hears of it and does not fetch it: the restored node alone has the bytes.
    await eventually(
      () => member.try('info', 'npm:charter'),
      ({ code }) => code === 0,
    )
    const file = join(await temporaryFolder(), 'crew.backup')
    await publisher.run('backup', file)
    await publisher.end('SIGKILL')

    await using restored = await NodeProcess.empty()
    await restored.run('restore', file)
    await restored.restart(['--bootstrap', member.address])
    await expectInstalled(member, 'npm:charter@1.0.0', charter!)
    await restored.run('audience', 'add', 'crew', member.ready.peerId)
    await restored.run('publish', rider!.path, '--to', 'crew')
    await expectInstalled(member, 'npm:rider@1.0.0', rider!)
    await using stranger = await NodeProcess.start(['--bootstrap', restored.address])
    await stranger.run('allow', id, 'npm:*')
    for (const name of ['charter', 'rider']) expect((await stranger.try('info', `npm:${name}`)).code).toBe(3)
  }, 180_000)

  it('waits for a peer that knows the publisher before it writes, unless it is restored --offline', async () => {
    await using publisher = await NodeProcess.start()
    const [first, second] = await Promise.all([lantern('1.0.0'), lantern('2.0.0')])
    await publisher.run('publish', first.path, '--public')
    const file = join(await temporaryFolder(), 'harbour.backup')
    await publisher.run('backup', file)
    await publisher.end('SIGKILL')

    await using stranger = await NodeProcess.start()
    await using restored = await NodeProcess.empty()
    await restored.run('restore', file)
    await restored.restart(['--bootstrap', stranger.address])
    const refused = await restored.try('publish', second.path, '--public')
    expect(refused.code).toBe(6)
    expect(refused.json?.error).toMatchObject({ code: 'E_NETWORK' })
    expect(refused.stdout).toContain('--offline')
    expect((await restored.try('restore', file)).code).toBe(1)
    await restored.end('SIGTERM')
    await restored.run('restore', file, '--offline')
    await restored.restart()
    await restored.run('publish', second.path, '--public')
    await using client = await NodeProcess.start(['--bootstrap', restored.address])
    await client.run('allow', restored.ready.publisher, 'npm:*')
    await expectInstalled(client, 'npm:lantern@1.0.0', first)
    await expectInstalled(client, 'npm:lantern@2.0.0', second)
  }, 180_000)
})

describe('a home rolled back to an old copy', () => {
  let publisher: NodeProcess
  let mirror: NodeProcess
  let old: string
  beforeAll(async () => {
    publisher = await NodeProcess.start()
    mirror = await NodeProcess.start(['--bootstrap', publisher.address])
    old = await copyAfterOne(publisher, mirror)
  }, 120_000)
  beforeEach(async () => {
    await publisher.end('SIGTERM')
    await rm(publisher.home, { recursive: true })
    await cp(old, publisher.home, { recursive: true })
  })
  afterAll(async () => {
    await publisher[Symbol.asyncDispose]()
    await mirror[Symbol.asyncDispose]()
  })

  it('adopts its own longer chain from a peer before it writes, so that nothing forks', async () => {
    await publisher.restart(['--bootstrap', mirror.address])
    const next = await lantern('1.3.0')
    await publisher.run('publish', next.path, '--public')
    await agree(publisher, mirror, publisher.ready.publisher)
    const shown = JSON.stringify(await mirror.run('info', 'npm:lantern'))
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) expect(shown).toContain(version)
    expect(await readyz(publisher)).toMatchObject({ status: 200 })
  }, 180_000)

  it('reports a cloned feed and stops writing once a peer shows the other branch', async () => {
    await publisher.restart(['--network', 'off'])
    const [fork, next] = await Promise.all([lantern('9.0.0'), lantern('9.1.0')])
    await publisher.run('publish', fork.path, '--public')
    await publisher.end('SIGTERM')
    await publisher.restart(['--bootstrap', mirror.address])
    const refused = await publisher.try('publish', next.path, '--public')
    expect(refused.code).toBe(1)
    expect(refused.json?.error).toMatchObject({ code: 'E_FEED_CLONED' })
    const { status, body } = await readyz(publisher)
    expect(status).toBe(503)
    expect(body).toContain('E_FEED_CLONED')
  }, 180_000)
})

/** Publishes 1.0.0, keeps a copy of the home, and publishes two more that reach the mirror. */
async function copyAfterOne(publisher: NodeProcess, mirror: NodeProcess): Promise<string> {
  const [first, ...later] = await Promise.all(['1.0.0', '1.1.0', '1.2.0'].map(lantern))
  await mirror.run('mirror', publisher.ready.publisher)
  await publisher.run('publish', first!.path, '--public')
  await agree(publisher, mirror, publisher.ready.publisher)
  await publisher.end('SIGTERM')
  const copy = join(await temporaryFolder(), 'copy')
  await cp(publisher.home, copy, { recursive: true })
  await publisher.restart(['--bootstrap', mirror.address])
  for (const tarball of later) await publisher.run('publish', tarball.path, '--public')
  await eventually(
    () => mirror.run('status'),
    status => status.artifacts === 3,
  )
  return copy
}
