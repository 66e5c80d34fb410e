import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { errorOf, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'

const stack = new AsyncDisposableStack()
let open: FakeRegistry
let nexus: FakeRegistry
let node: NodeProcess
let npm: NpmClient
let folder: string

beforeAll(async () => {
  open = stack.use(await startFakeRegistry())
  nexus = stack.use(await startFakeRegistry())
  nexus.authorization = 'Bearer sesame'
  for (const version of ['1.0.0', '1.1.0']) await open.publish('rigging', version)
  await nexus.publish('@ops/crane', '1.0.0', { manifest: { dependencies: { rigging: '1.0.0' } } })
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  npm = stack.use(await NpmClient.open(`${node.ready.http}/npm/`))
  folder = await temporaryFolder()
  await writeFile(join(folder, 'token'), 'sesame\n', { mode: 0o600 })
})
afterAll(async () => await stack.disposeAsync())

const project = async (name: string) => await npm.project(name, { 'package.json': { name: 'user', version: '1.0.0' } })

it('a private scope stays where it is: a registry that asks for a token, added to a running node', async () => {
  expect(errorOf(await node.try('route', 'add', 'npm:@ops/*', 'upstream/nexus'))).toEqual([2, 'E_USAGE'])
  await node.run('upstream', 'add', 'open', open.url, '--trust-time')
  const token = ['--token-file', join(folder, 'token')]
  expect(await node.run('upstream', 'add', 'nexus', nexus.url, ...token, '--trust-time')).toMatchObject({
    credentials: 'bearer',
  })
  await node.run('route', 'add', 'npm:*', 'upstream/open')
  await node.run('route', 'add', 'npm:@ops/*', 'upstream/nexus')
  const cwd = await project('ops')
  await npm.run(cwd, 'install', '@ops/crane')
  expect((await npm.run(cwd, 'ls', '--all')).out).toMatch(/@ops\/crane@1\.0\.0[\s\S]*rigging@1\.0\.0/)
  expect(open.asked('@ops')).toEqual([])
  expect(nexus.asked('rigging')).toEqual([])
  const list = (await node.run('upstream', 'list')) as unknown as { name: string; state: string }[]
  expect(list.map(({ name, state }) => [name, state])).toContainEqual(['nexus', 'up'])
  expect(errorOf(await node.try('upstream', 'remove', 'nexus'))).toEqual([1, 'E_ROUTE_TAKEN'])
})

it('hanse install writes the file that npm would get', async () => {
  const to = join(folder, 'vendor')
  expect(await node.run('install', 'npm:@ops/crane', '--to', to, '--extract')).toMatchObject({
    ...{ purl: 'pkg:npm/%40ops/crane@1.0.0', publisher: 'upstream/nexus' },
    path: join(to, 'crane-1.0.0.tgz'),
  })
})

it('what was purged is told to npm with its reference, for a name and for a lock file', async () => {
  const locked = await project('locked')
  await npm.run(locked, 'install', 'rigging@1.1.0')
  await node.run('purge', 'npm:rigging@1.1.0', '--legal', 'order 12/345')
  expect(await node.run('purge', '--list')).toMatchObject([{ reference: 'order 12/345', who: expect.any(String) }])
  const named = await npm.try(await project('named'), 'install', 'rigging@1.1.0')
  expect([named.code, named.err]).toEqual([1, expect.stringContaining('removed here for legal reasons: order 12/345')])
  const again = await npm.try(locked, 'ci', '--cache', join(npm.folder, 'empty'))
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('451')])
  expect(again.err).toContain('order 12/345')
  const range = await project('range')
  await npm.run(range, 'install', 'rigging')
  expect((await npm.run(range, 'ls')).out).toContain('rigging@1.0.0')
  await node.run('purge', '--undo', 'npm:rigging@1.1.0')
  await npm.run(locked, 'ci', '--cache', join(npm.folder, 'empty'))
})

it('people read at once that an upstream is down, not that a package does not exist', async () => {
  expect(await node.run('cache', 'stats')).toMatchObject({ hits: expect.any(Number), misses: expect.any(Number) })
  await open.cut()
  const { code, err } = await npm.try(await project('down'), 'install', 'never-asked', '--fetch-retries=2')
  expect([code, err]).toEqual([1, expect.stringContaining('E424')])
  expect(err).toMatch(/E_UPSTREAM_DOWN upstream open .*cannot be reached/)
  expect(err).not.toContain('E404')
  await npm.run(await project('held'), 'install', 'rigging@1.1.0', '--cache', join(npm.folder, 'other'))
})
