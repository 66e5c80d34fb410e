import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type FakeRegistry, startFakeRegistry } from '../upstream/fake-registry.ts'
import { CacheNode } from './cache-node.ts'

const stack = new AsyncDisposableStack()
let nexus: FakeRegistry
let node: CacheNode
let token: string
beforeAll(async () => {
  nexus = stack.use(await startFakeRegistry())
  nexus.authorization = 'Bearer sesame'
  await nexus.publish('@ops/crane', '1.0.0', { time: '2020-01-01T00:00:00.000Z' })
  node = stack.use(await CacheNode.start())
  token = join(await temporaryFolder(), 'token')
  await writeFile(token, 'sesame\n', { mode: 0o600 })
})
afterAll(async () => await stack.disposeAsync())

const add = (body: object) => node.client.call('POST', '/api/upstreams', { body })
const list = () => node.client.call<Record<string, unknown>[]>('GET', '/api/upstreams')
const nexusLine = async () => (await list()).find(({ name }) => name === 'nexus')

describe('an upstream', () => {
  it('is refused with a file that is not there, credentials by halves, or an address with a secret', async () => {
    const refused = (body: object, code: string) =>
      expect(add({ name: 'nexus', url: nexus.url, ...body })).rejects.toMatchObject({ code })
    await refused({ tokenFile: join(token, 'no') }, 'E_CONFIG')
    await refused({ tokenFile: 'relative' }, 'E_USAGE')
    await refused({ username: 'ci' }, 'E_USAGE')
    await refused({ username: 'ci', passwordFile: token, tokenFile: token }, 'E_USAGE')
    await refused({ caFile: token }, 'E_CONFIG')
    await refused({ url: 'https://ann:secret@nexus.example/' }, 'E_CONFIG')
    await refused({ url: `${node.url}/npm/` }, 'E_CONFIG')
    await refused({ name: 'Nexus' }, 'E_USAGE')
    await refused({ name: 'npmjs' }, 'E_NAME_TAKEN')
    expect((await list()).map(({ name }) => name)).toEqual(['npmjs'])
  })

  it('is asked as soon as it is added and routed, with its token, which nobody is shown', async () => {
    const answer = await node.route('npm:@ops/*', 'nexus', nexus.url, { tokenFile: token, trustTime: true })
    expect(answer).toEqual({
      name: 'nexus',
      url: nexus.url,
      credentials: 'bearer',
      next: "hanse route add 'npm:@scope/*' upstream/nexus",
    })
    expect(await (await node.npm('@ops%2fcrane')).json()).toMatchObject({ 'dist-tags': { latest: '1.0.0' } })
    expect((await node.tarball('@ops/crane', '1.0.0')).length).toBeGreaterThan(100)
    expect(await nexusLine()).toMatchObject({ credentials: 'bearer', from: 'command', state: 'up', packages: 1 })
    const audit = await readFile(join(node.home, 'audit.jsonl'), 'utf8')
    expect(audit).toContain('"what":"upstream.add","name":"nexus"')
    for (const text of [audit, JSON.stringify(await list())]) expect(text).not.toContain('sesame')
  })

  it('that is there already, or has a file that others can read, is told of', async () => {
    await expect(add({ name: 'nexus', url: nexus.url })).rejects.toMatchObject({
      code: 'E_NAME_TAKEN',
      hint: 'hanse upstream remove nexus',
    })
    const open = join(await temporaryFolder(), 'open')
    await writeFile(open, 'x')
    await chmod(open, 0o644)
    expect(await add({ name: 'second', url: 'http://registry.example/', tokenFile: open })).toMatchObject({
      warning: expect.stringMatching(/can read .*chmod 600.*plain http/),
    })
    await node.client.call('DELETE', '/api/upstreams/second')
  })

  it('is there again after a restart, and says what it met last', async () => {
    await node.restart()
    expect(await nexusLine()).toMatchObject({ state: 'unused', lastFailure: null, tarballs: 1 })
    await nexus.cut()
    const answer = await node.npm('@ops%2fother')
    expect([answer.status, answer.statusText]).toEqual([424, expect.stringContaining('E_UPSTREAM_DOWN upstream nexus')])
    expect(await nexusLine()).toMatchObject({ state: 'resting', lastFailure: { code: 'E_UPSTREAM_DOWN' } })
    expect((await node.tarball('@ops/crane', '1.0.0')).length).toBeGreaterThan(100)
  })

  it('stays while a route leads there, and is gone at once after that', async () => {
    const remove = () => node.client.call('DELETE', '/api/upstreams/nexus')
    await expect(remove()).rejects.toMatchObject({
      code: 'E_ROUTE_TAKEN',
      hint: "hanse route remove 'npm:@ops/*'",
    })
    await node.client.call('DELETE', '/api/routes', { query: { match: 'npm:@ops/*' } })
    await remove()
    expect(await nexusLine()).toBeUndefined()
    await expect(remove()).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    await expect(node.client.call('DELETE', '/api/upstreams/npmjs')).rejects.toMatchObject({ code: 'E_USAGE' })
    const route = { match: 'npm:@ops/*', to: 'upstream/nexus' }
    await expect(node.client.call('POST', '/api/routes', { body: route })).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: expect.stringContaining('hanse upstream add nexus URL'),
    })
    await node.restart()
    expect((await list()).map(({ name }) => name)).toEqual(['npmjs'])
  })
})
