import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { installTo } from '../../../src/cli/install-to.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type FakeRegistry, startFakeRegistry } from '../upstream/fake-registry.ts'
import { CacheNode } from './cache-node.ts'

const stack = new AsyncDisposableStack()
let registry: FakeRegistry
let node: CacheNode
let folder: string
beforeAll(async () => {
  registry = stack.use(await startFakeRegistry())
  for (const version of ['1.0.0', '1.2.0', '2.0.0']) await registry.publish('mizzen', version)
  await registry.publish('mizzen', '2.1.0', { time: new Date().toISOString() })
  await registry.publish('@yard/boom', '1.0.0')
  registry.document('mizzen')['dist-tags'].old = '1.0.0'
  node = stack.use(await CacheNode.start())
  await node.route('npm:*', 'fake', registry.url, { trustTime: true })
  folder = await temporaryFolder()
})
afterAll(async () => await stack.disposeAsync())

const install = (purl: string) => installTo(node.client, { purl }, folder)

it('a package of an upstream is installed as npm clients would get it, checked, into a file', async () => {
  const installed = await install('npm:mizzen')
  expect(installed).toMatchObject({
    ...{ purl: 'pkg:npm/mizzen@2.0.0', publisher: 'upstream/fake', from: 'upstream/fake' },
    path: join(folder, 'mizzen-2.0.0.tgz'),
  })
  const bytes = await readFile(installed.path)
  const { dist } = registry.document('mizzen').versions['2.0.0'] as { dist: { integrity: string } }
  expect(`sha512-${createHash('sha512').update(bytes).digest('base64')}`).toBe(dist.integrity)
  for (const [purl, version] of [
    ['npm:mizzen@^1', '1.2.0'],
    ['npm:mizzen@old', '1.0.0'],
    ['npm:mizzen@1.0.0', '1.0.0'],
  ] as const) {
    expect((await install(purl)).purl, purl).toBe(`pkg:npm/mizzen@${version}`)
  }
  expect((await install('npm:@yard/boom')).path).toBe(join(folder, 'boom-1.0.0.tgz'))
})

it('is refused with the rule that withholds a version, and told what is not there', async () => {
  await expect(install('npm:mizzen@2.1.0')).rejects.toMatchObject({
    code: 'E_POLICY_DENIED',
    message: expect.stringContaining('npm:mizzen@2.1.0 is held until'),
    hint: 'hanse why npm:mizzen@2.1.0',
  })
  expect(await node.client.call('GET', '/api/why/last')).toMatchObject({
    packages: [{ name: 'npm:mizzen', rule: 'minimumAge', versions: [{ version: '2.1.0', enforced: true }] }],
  })
  await expect(install('npm:mizzen@^7')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  await expect(install('npm:nobody-has-this')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
})

it('comes from here when the upstream is down, and leaves one copy', async () => {
  await registry.cut()
  expect((await install('npm:mizzen@2.0.0')).purl).toBe('pkg:npm/mizzen@2.0.0')
  await expect(install('npm:jib')).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
  const files = await readdir(join(node.home, 'artifacts'), { recursive: true })
  expect(files.filter(name => /[0-9a-f]{64}$/.test(name))).toHaveLength(4)
  expect(await readdir(join(node.home, 'partial'))).toEqual([])
})
