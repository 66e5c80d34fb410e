import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

/** What `hanse info` says of the use of a package. */
async function useOf(node: NodeProcess, name: string): Promise<{ dependents: unknown; installs: unknown }> {
  const { publishers } = await node.run('info', name)
  const [{ dependents, installs } = {}] = publishers as Record<string, unknown>[]
  return { dependents, installs }
}

async function publish(node: NodeProcess, name: string, more: object = {}): Promise<void> {
  const manifest = { name, version: '1.0.0', description: 'tightens ropes', ...more }
  await node.run('publish', (await npmTarball(manifest)).path)
}

async function found(node: NodeProcess): Promise<unknown[]> {
  const { hits } = await node.run('search', 'tightens ropes', '--local')
  return (hits as { purl: string }[]).map(({ purl }) => purl)
}

test('what is needed and what is installed here through hanse and npm’s address is found first, after a restart too', async () => {
  await using node = await NodeProcess.start(['--network', 'off'])
  for (const name of ['winch', 'capstan']) await publish(node, name)
  await publish(node, 'deck', { description: 'a deck', dependencies: { capstan: '^1.0.0' } })
  expect(await useOf(node, 'npm:capstan')).toEqual({ dependents: 1, installs: 0 })
  expect(await found(node)).toEqual(['pkg:npm/capstan', 'pkg:npm/winch'])
  const folder = await temporaryFolder()
  await node.run('install', 'npm:winch', '--to', join(folder, 'winch'))
  const tarball = await fetch(`${node.ready.http}/npm/winch/-/winch-1.0.0.tgz`)
  expect([tarball.status, (await tarball.arrayBuffer()).byteLength > 0]).toEqual([200, true])
  await node.end('SIGTERM')
  await node.restart()
  expect(await useOf(node, 'npm:winch')).toEqual({ dependents: 0, installs: 2 })
  expect(await found(node)).toEqual(['pkg:npm/winch', 'pkg:npm/capstan'])
}, 60_000)
