import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startFakeRegistry } from '../upstream/fake-registry.ts'
import { CacheNode } from './cache-node.ts'

async function moveUpstream(node: CacheNode, from: string, to: string): Promise<void> {
  await node.stop()
  const book = join(node.home, 'state/upstreams.json')
  await writeFile(book, (await readFile(book, 'utf8')).replaceAll(from, to))
  await node.restart()
}

const versionsOf = async (node: CacheNode, name: string) =>
  Object.keys(((await (await node.npm(name)).json()) as { versions: object }).versions)

it('an upstream pointed at a closed port is served from what it gave before, until the new address answers', async () => {
  await using old = await startFakeRegistry()
  for (const name of ['gaff', 'luff']) await old.publish(name, '1.0.0')
  await using node = await CacheNode.start()
  await node.route('npm:*', 'fake', old.url, { trustTime: true })
  const bytes = await node.tarball('gaff', '1.0.0')
  await node.npm('luff')
  await node.client.call('POST', '/api/cache/pins', { body: { purl: 'npm:gaff@1.0.0' } })

  await using young = await startFakeRegistry()
  const { url } = young
  await moveUpstream(node, old.url, 'http://127.0.0.1:9/')
  expect(await versionsOf(node, 'gaff')).toEqual(['1.0.0'])
  expect(Buffer.compare(await node.tarball('gaff', '1.0.0'), bytes)).toBe(0)
  await expect(node.tarball('luff', '1.0.0')).rejects.toThrow('424')
  expect((await node.npm('never-asked')).status).toBe(424)
  expect(old.asked('never-asked')).toEqual([])

  await young.publish('gaff', '7.0.0')
  await moveUpstream(node, 'http://127.0.0.1:9/', url)
  expect(await versionsOf(node, 'gaff')).toEqual(['7.0.0'])
  await young.cut()
  expect((await node.npm('luff')).status).toBe(424)
  await expect(node.tarball('gaff', '1.0.0')).rejects.toThrow('404')
  await node.restart()
  expect((await node.npm('luff')).status).toBe(424)
})
