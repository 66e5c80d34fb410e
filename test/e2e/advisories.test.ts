import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { affected, osv } from '../protocol/advisory/osv-samples.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { errorOf, eventually, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'
import { zipOf } from './zip-file.ts'

let node: NodeProcess
let npm: NpmClient
let upstream: FakeRegistry
let folder: string
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  upstream = stack.use(await startFakeRegistry())
  for (const version of ['1.0.0', '1.2.3']) await upstream.publish('hull', version)
  await upstream.publish('keel', '1.0.0', { manifest: { dependencies: { hull: '1.0.0' } } })
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  await node.end('SIGTERM')
  const config = join(node.home, 'config.yaml')
  const upstreams = `\nupstreams:\n  fake: { ecosystem: npm, url: "${upstream.url}", trustTime: true }\n`
  await writeFile(config, (await readFile(config, 'utf8')) + upstreams)
  await node.restart()
  await node.run('route', 'add', 'npm:*', 'upstream/fake')
  npm = stack.use(await NpmClient.open(`${node.ready.http}/npm/`))
  folder = await temporaryFolder()
})
afterAll(async () => await stack.disposeAsync())

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, Buffer.isBuffer(content) ? content : JSON.stringify(content))
  return path
}

describe('npm audit', () => {
  it('finds nothing while no advisory is held, and afterwards the advisory', async () => {
    const cwd = await npm.project('user', {
      'package.json': { name: 'user', version: '1.0.0', dependencies: { keel: '1.0.0' } },
    })
    await npm.run(cwd, 'install')
    const before = await npm.try(cwd, 'audit')
    expect([before.code, before.out]).toEqual([0, expect.stringContaining('found 0 vulnerabilities')])

    const document = osv({
      database_specific: { severity: 'HIGH', cwe_ids: ['CWE-79'] },
      references: [{ type: 'ADVISORY', url: 'https://advisories.example/hull' }],
    })
    expect(await node.run('advisory', 'import', await file('one.json', document))).toMatchObject({
      added: 1,
      skipped: 0,
    })
    const after = await npm.try(cwd, 'audit')
    expect(after.code).toBe(1)
    expect(after.out).toContain('hull  1.0.0')
    expect(after.out).toContain('Severity: high')
    expect(after.out).toContain('Leaks below the waterline - https://advisories.example/hull')
    expect(after.out).toContain('2 high severity vulnerabilities') // keel, which depends on it, counts too
  })

  it('knows the advisory as JSON, too', async () => {
    const cwd = join(npm.folder, 'user')
    const { out } = await npm.try(cwd, 'audit', '--json')
    const report = JSON.parse(out)
    expect(report.vulnerabilities.hull).toMatchObject({ severity: 'high', via: [{ range: '<1.2.3', cwe: ['CWE-79'] }] })
  })
})

describe('hanse advisory', () => {
  it('imports a folder and a zip archive, each document once', async () => {
    const malware = osv({ id: 'MAL-2026-1', affected: [affected('mast', [{ introduced: '0' }])] })
    await file('osv/npm/MAL-2026-1.json', malware)
    await file('osv/many.json', [osv(), malware])
    await file('osv/README.md', 'not read')
    const fromFolder = await node.run('advisory', 'import', join(folder, 'osv'))
    expect(fromFolder).toMatchObject({ added: 1, unchanged: 2, skipped: 0 })
    const zip = zipOf({ 'npm/MAL-2026-1.json': JSON.stringify(malware), 'npm/broken.json': '{', 'x.txt': 'not read' })
    const fromZip = await node.run('advisory', 'import', await file('all.zip', zip))
    expect(fromZip).toMatchObject({
      added: 0,
      unchanged: 1,
      skipped: 1,
      reasons: [{ why: 'not JSON', count: 1, first: 'npm/broken.json' }],
    })
    expect(await node.run('status')).toMatchObject({ advisories: 2, newestAdvisory: '2026-03-01T00:00:00.000Z' })
  })

  it('lists malware first and takes one out', async () => {
    const list = (await node.run('advisory', 'list')) as { advisories?: { id: string }[] }
    expect(list.advisories?.map(({ id }) => id)).toEqual(['MAL-2026-1', osv().id])
    const one = await node.run('advisory', 'list', 'npm:hull@1.0.0')
    expect(one.advisories).toEqual([expect.objectContaining({ id: osv().id, fixed: '1.2.3' })])
    await node.run('advisory', 'remove', 'MAL-2026-1')
    expect(await node.run('status')).toMatchObject({ advisories: 1 })
    expect(errorOf(await node.try('advisory', 'remove', 'MAL-2026-1'))).toEqual([3, 'E_NOT_FOUND'])
    const audit = await readFile(join(node.home, 'audit.jsonl'), 'utf8')
    expect(audit).toContain('"what":"advisory.remove"')
  })

  it('says what cannot be imported', async () => {
    expect(errorOf(await node.try('advisory', 'import', join(folder, 'nowhere')))).toEqual([3, 'E_NOT_FOUND'])
    expect(errorOf(await node.try('advisory', 'import', await file('no.zip', Buffer.from('x'))))).toEqual([1, 'E_FILE'])
    const useless = await node.try('advisory', 'import', await file('other.json', { hello: 1 }))
    expect([useless.code, useless.json]).toEqual([1, expect.objectContaining({ added: 0, skipped: 1 })])
  })
})

describe('policy acts', () => {
  const install = async (name: string) => {
    const cwd = await npm.project(`with-${name}`, { 'package.json': { name: 'user', version: '1.0.0' } })
    return await npm.try(cwd, 'install', name)
  }

  it('on malware from the next request on, until the advisory is taken out', async () => {
    await upstream.publish('jib', '1.0.0')
    expect((await install('jib')).code).toBe(0)
    const malware = osv({ id: 'MAL-2026-2', affected: [affected('jib', [{ introduced: '0' }])] })
    await node.run('advisory', 'import', await file('jib.json', malware))
    const refused = await install('jib')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('MAL-2026-2')])
    await node.run('advisory', 'remove', 'MAL-2026-2')
    expect((await install('jib')).code).toBe(0)
  })

  it('on a name that looks like a trusted one', async () => {
    await upstream.publish('expresss', '1.0.0')
    const refused = await install('expresss')
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('express')])
    expect(refused.err).toContain('E403')
  })
})

describe('a question about advisories', () => {
  const ask = async (body: Buffer | string, headers: Record<string, string> = {}) =>
    await fetch(`${node.ready.http}/npm/-/npm/v1/security/advisories/bulk`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })

  it('is answered with an empty object when nothing is known', async () => {
    const answer = await ask(JSON.stringify({ 'not-known': ['1.0.0'], __proto__x: ['1'], hull: ['1.2.3'] }))
    expect([answer.status, await answer.json()]).toEqual([200, {}])
    expect(await (await ask('{"__proto__": ["1.0.0"], "hull": "1.0.0", "": [7]}')).json()).toEqual({})
  })

  it('that is none, or too large, is refused', async () => {
    expect((await ask('[]')).status).toBe(400)
    expect((await ask('{')).status).toBe(400)
    expect((await ask('{}', { 'content-encoding': 'gzip' })).status).toBe(400)
    expect((await ask('x'.repeat(2_000_000))).status).toBe(413)
  })
})

describe('a name that looks like a trusted one', () => {
  it('is flagged in a search, unless this node trusts it itself', async () => {
    await using harbour = await NodeProcess.start()
    await using office = await NodeProcess.start(['--bootstrap', harbour.address])
    const manifest = { name: 'expresss', version: '1.0.0', description: 'quick rigging' }
    await harbour.run('publish', await npm.project('squat', { 'package.json': manifest }), '--public')
    type Answer = { readonly hits: readonly { readonly looksLike?: object }[] }
    const search = async (at: NodeProcess) => (await at.run('search', 'rigging')) as unknown as Answer
    const { hits } = await eventually(
      () => search(office),
      answer => answer.hits.length > 0,
    )
    expect(hits[0]?.looksLike).toEqual({ of: 'express', how: 'a letter repeated' })
    expect((await search(harbour)).hits[0]).not.toHaveProperty('looksLike')
    expect(await office.run('info', 'npm:expresss')).toMatchObject({ looksLike: { of: 'express' } })
  })
})
