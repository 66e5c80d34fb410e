import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

const digestOf = (rows: unknown, publisher: string): unknown =>
  (rows as { id: string; digest: string }[]).find(row => row.id === publisher)?.digest

async function publishersOf(node: NodeProcess): Promise<unknown> {
  return (await node.try('publishers')).json
}

async function hitsOf(node: NodeProcess, ...query: string[]): Promise<{ purl: string; source: string }[]> {
  return (await node.run('search', ...query)).hits as { purl: string; source: string }[]
}

const names = (hits: { purl: string }[]) => hits.map(hit => hit.purl)

describe('three nodes in processes of their own', () => {
  it('keeps a package installable when its publisher is gone, and catches up by itself', async () => {
    await using publisher = await NodeProcess.start()
    await using mirror = await NodeProcess.start(['--bootstrap', publisher.address])
    await using client = await NodeProcess.start(['--bootstrap', mirror.address])
    const id = publisher.ready.publisher
    const first = await npmTarball(
      { name: '@acme/lighthouse', version: '1.0.0', description: 'guides vessels through fog' },
      3 << 20,
    )

    await mirror.run('mirror', id)
    await publisher.run('publish', first.path, '--public')
    await eventually(
      () => mirror.run('status'),
      status => status.artifacts === 1,
    )
    await client.run('allow', id, 'npm:@acme/*')
    await eventually(
      () => hitsOf(client, 'vessels', '--local'),
      hits => hits.length > 0,
    )
    expect(names(await hitsOf(client, 'lighthoose', '--local'))).toContain('pkg:npm/%40acme/lighthouse')

    await publisher.end('SIGKILL')
    const folder = await temporaryFolder()
    const installed = await client.run('install', 'npm:@acme/lighthouse', '--to', folder)
    const bytes = await readFile(installed.path as string)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(first.sha256)
    expect(installed).toMatchObject({ sha256: first.sha256, from: mirror.ready.peerId })
    expect(digestOf(await publishersOf(client), id)).toBe(digestOf(await publishersOf(mirror), id))

    await client.end('SIGTERM')
    // At another port, and told of nobody: it finds back to the mirror, which only ever dialled it.
    await publisher.restart()
    for (const version of ['1.1.0', '1.2.0', '1.3.0']) {
      const next = await npmTarball({ name: '@acme/lighthouse', version, description: 'guides vessels through fog' })
      await publisher.run('publish', next.path, '--public')
    }
    const expected = digestOf(await publishersOf(publisher), id)
    await client.restart()
    await eventually(
      () => publishersOf(client),
      rows => digestOf(rows, id) === expected,
      60_000,
    )
  }, 180_000)

  it('finds by federated search what it does not follow, and installs it only once its publisher is allowed', async () => {
    await using publisher = await NodeProcess.start()
    await using client = await NodeProcess.start(['--bootstrap', publisher.address])
    const open = await npmTarball({ name: 'quayside', version: '2.0.0', description: 'counts crates on the quay' })
    const secret = await npmTarball({ name: 'smuggled', version: '1.0.0', description: 'counts crates nobody sees' })
    await publisher.run('publish', open.path, '--public')
    const hidden = await publisher.run('publish', secret.path)
    expect(hidden.visibility).toBe('private')

    const hits = await eventually(
      () => hitsOf(client, 'crates'),
      found => found.length > 0,
    )
    expect(hits).toEqual([expect.objectContaining({ purl: 'pkg:npm/quayside', source: 'federated' })])

    const refused = await client.try('install', 'npm:quayside')
    expect(refused.code).toBe(5)
    expect(refused.json?.error).toMatchObject({ code: 'E_NO_ROUTE' })
    expect(JSON.stringify(refused.json)).toContain(`hanse allow ${publisher.ready.publisher}`)

    await client.run('allow', publisher.ready.publisher, 'npm:quayside')
    const folder = await temporaryFolder()
    const installed = await eventually(
      () => client.try('install', 'npm:quayside', '--to', folder),
      result => result.code === 0,
    )
    expect(installed.json?.sha256).toBe(open.sha256)
    expect((await client.try('info', 'npm:smuggled')).code).toBe(3)
    expect(names(await hitsOf(client, 'smuggled'))).not.toContain('pkg:npm/smuggled')
    expect(names(await hitsOf(publisher, 'smuggled', '--local'))).toContain('pkg:npm/smuggled')

    await client.run('block', publisher.ready.publisher)
    const blocked = await client.try('install', 'npm:quayside')
    expect(blocked.code).toBe(5)
    expect(blocked.json?.error).toMatchObject({
      message: expect.stringContaining('is blocked'),
      hint: `hanse follow ${publisher.ready.publisher}`,
    })
  }, 180_000)

  it('refuses bytes altered on the mirror, and names the file', async () => {
    await using publisher = await NodeProcess.start()
    await using mirror = await NodeProcess.start(['--bootstrap', publisher.address])
    await using client = await NodeProcess.start(['--bootstrap', mirror.address])
    const tarball = await npmTarball({ name: 'ballast', version: '1.0.0', description: 'keeps a ship upright' })
    await mirror.run('mirror', publisher.ready.publisher)
    await publisher.run('publish', tarball.path, '--public')
    await eventually(
      () => mirror.run('status'),
      status => status.artifacts === 1,
    )
    await client.run('allow', publisher.ready.publisher, 'npm:*')
    await eventually(
      () => hitsOf(client, 'ballast', '--local'),
      hits => hits.length > 0,
    )
    const file = join(mirror.home, 'artifacts', tarball.sha256.slice(0, 2), tarball.sha256)
    const bytes = await readFile(file)
    bytes[10] = (bytes[10] ?? 0) ^ 1
    await writeFile(file, bytes)
    await publisher.end('SIGKILL')

    const folder = await temporaryFolder()
    const refused = await client.try('install', 'npm:ballast', '--to', folder)
    expect(refused.code).toBe(6)
    await mirror.end('SIGTERM')
    const findings = await mirror.try('doctor')
    expect(findings.stdout).toContain(tarball.sha256)
    await publisher.restart()
    await client.run('peer', 'add', publisher.address)
    const installed = await eventually(
      () => client.try('install', 'npm:ballast', '--to', folder),
      result => result.code === 0,
    )
    expect(installed.json?.sha256).toBe(tarball.sha256)
  }, 180_000)
})
