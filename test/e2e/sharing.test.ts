import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { layoutOf } from '../../src/federation/index.ts'
import type { Op, PublisherId } from '../../src/protocol/index.ts'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { packageTarball } from '../node/upstream/package-tarball.ts'
import { errorOf, eventually, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'
import { TestPeer } from './test-peer.ts'

/** Each test runs two nodes and npm several times. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const stack = new AsyncDisposableStack()
const registryOfMachine = process.env.npm_config_registry
afterAll(async () => {
  await stack.disposeAsync()
  if (registryOfMachine === undefined) delete process.env.npm_config_registry
  else process.env.npm_config_registry = registryOfMachine
})

/** A node whose npm names come from a registry. */
async function nodeOver(registry: FakeRegistry, flags: readonly string[] = []): Promise<NodeProcess> {
  process.env.npm_config_registry = registry.url
  const node = stack.use(await NodeProcess.start(flags))
  await node.run('route', 'add', 'npm:*', 'upstream/npmjs')
  return node
}

async function clientOf(node: NodeProcess): Promise<NpmClient> {
  return stack.use(await NpmClient.open(`${node.ready.http}/npm/`, await node.token()))
}

const project = { 'package.json': { name: 'user', version: '1.0.0' } }
const statusOf = async (node: NodeProcess, path: string): Promise<number> => {
  const answer = await fetch(`${node.ready.http}/npm/${path}`, {
    headers: { authorization: `Bearer ${await node.token()}` },
  })
  await answer.arrayBuffer()
  return answer.status
}
/** Ops of the public feed of a node, read by a stranger. */
async function statedBy(node: NodeProcess, peer: TestPeer): Promise<readonly Op[]> {
  const publisher = node.ready.publisher as PublisherId
  const { public: feed } = await node.feeds()
  const head = (await peer.heads(node, publisher)).find(each => each.feed === feed)
  const records = head === undefined || head.seq === 0 ? [] : await peer.chain(node, publisher, feed, head.id)
  return records.flatMap(({ understood }) => (understood?.typ === 'ops' ? understood.ops : []))
}

/** What one node makes of another's public records. */
async function digestAt(node: NodeProcess, of: NodeProcess): Promise<string | undefined> {
  const publishers = (await node.run('publishers')) as unknown as { id: string; digest: string }[]
  return publishers.find(({ id }) => id === of.ready.publisher)?.digest
}

describe('a node that shares what it pulls', () => {
  let registry: FakeRegistry
  let harbour: NodeProcess
  let office: NodeProcess
  let guarded: FakeRegistry

  beforeAll(async () => {
    registry = stack.use(await startFakeRegistry())
    await registry.publish('plank', '2.0.0')
    await registry.publish('plank', '2.1.0', { manifest: { bin: { plank: 'index.js' } } })
    await registry.publish('hull', '0.9.0')
    await registry.publish('hull', '1.1.0', { manifest: { dependencies: { plank: '^2.0.0' } } })
    await registry.publish('rope-elsewhere', '1.0.0', { manifest: { os: ['nowhere'] } })
    await registry.publish('rigging', '3.0.0', { manifest: { optionalDependencies: { 'rope-elsewhere': '1.0.0' } } })
    harbour = await nodeOver(registry, ['--share-upstreams'])
    office = await nodeOver(registry)
    guarded = stack.use(await startFakeRegistry())
    await guarded.publish('@guarded/map', '1.0.0')
    await guarded.publish('@open/map', '1.0.0')
    const token = join(harbour.home, 'nexus-token')
    await writeFile(token, 'secret', { mode: 0o600 })
    await harbour.run('upstream', 'add', 'nexus', guarded.url, '--token-file', token, '--trust-time')
    await harbour.run('upstream', 'add', 'inside', guarded.url, '--trust-time')
    await harbour.run('route', 'add', 'npm:@guarded/*', 'upstream/nexus')
    await harbour.run('route', 'add', 'npm:@open/*', 'upstream/inside')
  })

  it('lets another install a project cold from the federation alone, while the upstream is cut', async () => {
    const warm = await clientOf(harbour)
    const cwd = await warm.project('warm', project)
    await warm.run(cwd, 'install', 'hull', 'rigging')
    const other = await warm.project('private', project)
    await warm.run(other, 'install', '@guarded/map', '@open/map')
    await warm.run(await warm.project('plan', { 'package.json': { name: '@hold/plan', version: '1.0.0' } }), 'publish')
    await registry.cut()
    const asked = registry.requests.length
    // Nobody was there to hear it, and a statement that is due outlives the process.
    await harbour.end('SIGTERM')
    await harbour.restart()

    await office.run('peer', 'add', harbour.address)
    const allowed = await office.run('allow', harbour.ready.publisher, '--for', 'origin', '--as', 'harbour')
    expect(allowed).toMatchObject({
      relation: 'origin',
      notice: expect.stringContaining('learn that this node wants it'),
    })
    for (const name of ['hull', 'plank', 'rigging', 'rope-elsewhere']) {
      await eventually(
        () => statusOf(office, name),
        status => status === 200,
      )
    }

    const cold = await clientOf(office)
    const there = await cold.project('cold', project)
    await cold.run(there, 'install', 'hull', 'rigging')
    expect((await cold.run(there, 'ls', '--all')).out).toMatch(/hull@1\.1\.0[\s\S]*plank@2\.1\.0[\s\S]*rigging@3\.0\.0/)
    expect(await readFile(join(there, 'package-lock.json'), 'utf8')).toContain('rope-elsewhere')
    const [before, after] = await Promise.all(
      [cwd, there].map(async path => JSON.parse(await readFile(join(path, 'package-lock.json'), 'utf8')) as object),
    )
    const address = /http:\/\/[^"]*?\/npm\//g
    expect(JSON.stringify(after).replace(address, '').replace('"cold"', '"warm"')).toBe(
      JSON.stringify(before).replace(address, ''),
    )
    expect(registry.requests.length).toBe(asked)
  })

  it('states what it pulled of the upstream that everyone knows, and no private name', async () => {
    await using peer = await TestPeer.start()
    await peer.connect(harbour)
    const ops = await statedBy(harbour, peer)
    const origins = ops.filter(op => op.op === 'origin')
    expect(new Set(origins.map(({ upstream }) => upstream))).toEqual(new Set(['npmjs']))
    const bytes = origins.filter(({ artifact }) => artifact.name !== 'manifest.json').map(({ purl }) => purl)
    expect(bytes.sort()).toEqual(['pkg:npm/hull@1.1.0', 'pkg:npm/plank@2.1.0', 'pkg:npm/rigging@3.0.0'])
    const named = new Set(origins.map(({ purl }) => purl))
    expect([...named].filter(purl => !bytes.includes(purl))).toEqual(['pkg:npm/rope-elsewhere@1.0.0'])
    const held = new Set(ops.filter(op => op.op === 'holds').flatMap(({ cids }) => cids))
    expect(held).toEqual(new Set(origins.map(({ artifact }) => artifact.cid)))
    const { cid, size } = origins.find(({ purl }) => purl.includes('hull'))!.artifact
    expect(await peer.artifact(harbour, cid)).toBe(size)
    for (const name of ['hull/-/hull-0.9.0.tgz', '@guarded%2fmap', '@open%2fmap']) {
      expect(await statusOf(office, name)).not.toBe(200)
    }
  })

  it('is allowed for origin as a whole, and for advisories not yet', async () => {
    for (const given of [
      ['npm:*', '--for', 'origin'],
      ['--for', 'advisory'],
    ]) {
      expect(errorOf(await office.try('allow', 'harbour', ...given))).toEqual([2, 'E_USAGE'])
    }
    expect(errorOf(await office.try('unfollow', 'harbour'))).toEqual([1, 'E_RELATION'])
  })

  it('loses its word with the permission', async () => {
    await office.run('disallow', 'harbour', '--for', 'origin')
    expect(await statusOf(office, 'hull')).not.toBe(200)
  })
})

describe('two nodes that share, and whose upstream gave them different bytes', () => {
  let harbour: NodeProcess
  let office: NodeProcess

  const whyAt = async (node: NodeProcess, purl: string) =>
    (await node.run('why', purl)) as {
      decision: string
      reasons: { rule: string; message: string }[]
      facts: { known: object[] }
    }

  beforeAll(async () => {
    const [one, other] = [stack.use(await startFakeRegistry()), stack.use(await startFakeRegistry())]
    await one.publish('hull', '1.0.0')
    await other.publish('hull', '1.0.0', { manifest: { scripts: { postinstall: 'node steal.js' } } })
    const tarball = await packageTarball({ name: 'mast', version: '1.0.0' })
    for (const registry of [one, other]) await registry.publish('mast', '1.0.0', { tarball })
    harbour = await nodeOver(one, ['--share-upstreams'])
    office = await nodeOver(other, ['--share-upstreams'])
    for (const node of [harbour, office]) {
      const client = await clientOf(node)
      const cwd = await client.project('pulls', project)
      await client.run(cwd, 'install', 'hull', 'mast', '--ignore-scripts')
    }
    await office.run('peer', 'add', harbour.address)
    await office.run('allow', harbour.ready.publisher, '--for', 'origin', '--as', 'harbour')
    await harbour.run('allow', office.ready.publisher, '--for', 'origin', '--as', 'office')
  })

  it('both hold the version, and say who said what and how to decide', async () => {
    for (const [node, other] of [
      [office, 'harbour'],
      [harbour, 'office'],
    ] as const) {
      const { reasons } = await eventually(
        () => whyAt(node, 'npm:hull@1.0.0'),
        ({ decision, reasons: [reason] }) => decision === 'hold' && reason?.message.includes('this node') === true,
      )
      expect(reasons).toEqual([expect.objectContaining({ rule: 'origin' })])
      for (const part of [
        'npmjs and this node say sha512-',
        `${other} says sha512-`,
        `hanse disallow ${other} --for origin`,
      ]) {
        expect(reasons[0]?.message).toContain(part)
      }
      const client = await clientOf(node)
      const refused = await client.try(await client.project('again', project), 'install', 'hull@1.0.0')
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('is disputed')])
      expect(await statusOf(node, 'hull/-/hull-1.0.0.tgz')).toBe(403)
    }
  })

  it('let it pass where their operator says so', async () => {
    const waive = ['policy', 'waive', 'npm:hull@1.0.0', '--rule', 'origin']
    const { id } = (await harbour.run(...waive, '--why', 'compared by hand')) as { id: string }
    expect(await statusOf(harbour, 'hull/-/hull-1.0.0.tgz')).toBe(200)
    await harbour.run('policy', 'unwaive', id)
    expect(await statusOf(harbour, 'hull/-/hull-1.0.0.tgz')).toBe(403)
  })

  it('install what they agree about', async () => {
    for (const node of [harbour, office]) {
      expect(await whyAt(node, 'npm:mast@1.0.0')).toMatchObject({ decision: 'allow' })
      expect(await statusOf(node, 'mast/-/mast-1.0.0.tgz')).toBe(200)
    }
  })

  it('go on when one no longer counts, which is then only told', async () => {
    await office.run('disallow', 'harbour', '--for', 'origin')
    const { decision, facts } = await whyAt(office, 'npm:hull@1.0.0')
    expect(decision).toBe('allow')
    expect(facts.known).toContainEqual({
      fact: 'another digest',
      value: expect.stringContaining('hanse allow harbour --for origin'),
      from: 'publishers that are followed',
    })
    const client = await clientOf(office)
    await client.run(await client.project('goes-on', project), 'install', 'hull@1.0.0', '--ignore-scripts')
  })
})

describe('a node whose upstream answers', () => {
  it('takes tarballs from a peer that has them, and documents from the upstream', async () => {
    const registry = stack.use(await startFakeRegistry())
    await registry.publish('hull', '1.0.0')
    const harbour = await nodeOver(registry, ['--share-upstreams'])
    const office = await nodeOver(registry)
    // How fast a peer is on a busy machine is not what is tested.
    const config = join(office.home, 'config.yaml')
    await writeFile(config, (await readFile(config, 'utf8')).replace('peerTimeoutMs: 200', 'peerTimeoutMs: 60000'))
    await office.end('SIGTERM')
    await office.restart()
    const first = await clientOf(harbour)
    await first.run(await first.project('pulls', project), 'install', 'hull')
    await office.run('peer', 'add', harbour.address)
    await office.run('allow', harbour.ready.publisher, '--for', 'origin', '--as', 'harbour')
    await using peer = await TestPeer.start()
    await peer.connect(harbour)
    await eventually(
      () => statedBy(harbour, peer),
      ops => ops.some(op => op.op === 'holds'),
    )
    await eventually(
      async () => [await digestAt(office, harbour), await digestAt(harbour, harbour)],
      ([theirs, own]) => theirs === own,
    )
    const [documents, tarballs] = [registry.asked('/hull').length, registry.asked('.tgz').length]
    const second = await clientOf(office)
    await second.run(await second.project('takes', project), 'install', 'hull')
    expect(registry.asked('.tgz')).toHaveLength(tarballs)
    expect(registry.asked('/hull').length).toBeGreaterThan(documents)
  })
})

describe('a node that does not share', () => {
  it('states nothing, and no peer gets what it pulled', async () => {
    const registry = stack.use(await startFakeRegistry())
    const { cid } = await layoutOf([await registry.publish('hull', '1.0.0')])
    const [quiet, curious] = [await nodeOver(registry), await nodeOver(registry)]
    const client = await clientOf(quiet)
    await client.run(await client.project('pulls', project), 'install', 'hull')
    await registry.cut()
    await curious.run('peer', 'add', quiet.address)
    await curious.run('allow', quiet.ready.publisher, '--for', 'origin')
    await using peer = await TestPeer.start()
    await peer.connect(quiet)
    expect(await statedBy(quiet, peer)).toEqual([])
    expect(await peer.artifact(quiet, cid)).toBe('E_NOT_FOUND')
    expect(await statusOf(curious, 'hull')).not.toBe(200)
  })
})
