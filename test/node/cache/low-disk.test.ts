import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { eventually } from '../../e2e/hanse-process.ts'
import { fillDisk } from '../storage/fill-disk.ts'
import { startFakeRegistry } from '../upstream/fake-registry.ts'
import { CacheNode } from '../use-cases/cache-node.ts'

const run = promisify(execFile)
const MIB = 2 ** 20

let disk: string
/** Why there is no disk to fill, or null. */
let refused: string | null = null
beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'hanse-low-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]).catch((error: Error) => {
    refused = error.message.trim()
  })
})
afterAll(async () => {
  if (refused === null) await run('umount', ['-l', disk])
  await rm(disk, { recursive: true, force: true })
})

test('below cache.minFree a node only reads: what upstreams have passes through, and it recovers by itself', async context => {
  if (refused !== null) context.skip(`no disk to fill: ${refused}`)
  await using registry = await startFakeRegistry()
  for (const name of ['a', 'b']) await registry.publish(name, '1.0.0')
  await using node = await CacheNode.start({ HANSE_CACHE_MIN_FREE: '20MB' }, join(disk, 'home'))
  await node.route('npm:*', 'fake', registry.url, { trustTime: true })
  const stats = () => node.client.call<{ artifacts: number; disk: object }>('GET', '/api/cache')
  const readiness = async () => {
    const answer = await fetch(`${node.url}/readyz`)
    return [answer.status, await answer.text()] as const
  }
  const kept = (count: number) =>
    eventually(
      async () => (await stats()).artifacts,
      artifacts => artifacts === count,
    )
  const ready = (status: number) => eventually(readiness, ([found]) => found === status)
  const cargo = join(disk, 'cargo.bin')
  await writeFile(cargo, Buffer.alloc(MIB, 1))
  const publish = (name: string) => publishFile(node.client, cargo, { purl: `generic:${name}@1` })
  await node.tarball('a', '1.0.0')
  await publish('first')
  await kept(1)

  await fillDisk(join(disk, 'filler'), 12 * MIB)
  await ready(503)
  expect((await readiness())[1]).toContain('less than cache.minFree (20.0 MB): nothing new is kept')
  const files = await readdir(node.home, { recursive: true })
  for (const name of ['b', 'a', 'b']) expect((await node.tarball(name, '1.0.0')).length).toBeGreaterThan(100)
  await expect(publish('second')).rejects.toMatchObject({ code: 'E_DISK_FULL' })
  expect(await stats()).toMatchObject({ artifacts: 1, disk: { problem: expect.stringContaining('E_DISK_FULL') } })
  expect(registry.asked('b-1.0.0.tgz')).toHaveLength(2)
  const isKept = (name: string) => /^(artifacts|incoming|upstream|bodies)/.test(name)
  expect((await readdir(node.home, { recursive: true })).filter(isKept)).toEqual(files.filter(isKept))

  await rm(join(disk, 'filler'))
  await ready(200)
  await node.tarball('b', '1.0.0')
  await publish('second')
  await kept(2)
}, 60_000)
