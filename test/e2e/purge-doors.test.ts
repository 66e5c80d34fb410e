import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { layoutOf } from '../../src/federation/index.ts'
import type { BlockId } from '../../src/protocol/index.ts'
import { errorOf, eventually, NodeProcess } from './hanse-process.ts'
import { IpfsNode } from './ipfs-node.ts'
import { npmTarball } from './npm-package.ts'
import { TestPeer } from './test-peer.ts'

const MIB = 1 << 20
const stack = new AsyncDisposableStack()
let harbour: NodeProcess
let peer: TestPeer
let cid: BlockId
let sha256: string
let blocks: readonly BlockId[]
let size: number
let path: string

beforeAll(async () => {
  harbour = stack.use(await NodeProcess.start())
  path = (await npmTarball({ name: 'fleet', version: '1.0.0', description: 'ships' }, 2.5 * MIB)).path
  const published = await harbour.run('publish', path, '--public')
  cid = published.cid as BlockId
  sha256 = published.sha256 as string
  const bytes = await readFile(path)
  blocks = [cid, ...(await layoutOf([bytes])).leaves]
  size = bytes.length
  peer = stack.use(await TestPeer.start())
  await peer.connect(harbour)
})
afterAll(async () => await stack.disposeAsync())

const filesOf = async ({ home }: NodeProcess) =>
  (await readdir(home, { recursive: true })).filter(name => name.includes(sha256))

it('a mirror that purged a release has its bytes no more and does not bring them again', async () => {
  await using office = await NodeProcess.start()
  await office.run('peer', 'add', harbour.address)
  await office.run('mirror', harbour.ready.publisher)
  await eventually(
    () => filesOf(office),
    files => files.some(name => name.startsWith('artifacts/')),
  )
  await office.run('allow', harbour.ready.publisher, 'npm:fleet')
  await office.run('purge', cid, '--legal', 'order 12/345')
  expect(await filesOf(office)).toEqual([])
  expect(errorOf(await office.try('install', 'npm:fleet', '--to', office.home))).toEqual([5, 'E_PURGED'])
  await office.end('SIGTERM')
  await office.restart(['--bootstrap', harbour.address])
  expect(errorOf(await office.try('install', 'npm:fleet', '--to', office.home))).toEqual([5, 'E_PURGED'])
  expect(await filesOf(office)).toEqual([])
  await office.run('purge', '--undo', cid)
  await eventually(
    () => office.try('install', 'npm:fleet', '--to', office.home),
    ({ code }) => code === 0,
  )
}, 120_000)

it('its own publisher serves it to nobody: not over the content protocol, not over bitswap', async () => {
  expect(await peer.artifact(harbour, cid)).toBeGreaterThan(size)
  expect(await peer.blocks(harbour, blocks)).toEqual(blocks.map(() => true))
  await harbour.run('purge', 'npm:fleet@1.0.0', '--legal', 'order 12/345')
  expect(await filesOf(harbour)).toEqual([])
  expect(await peer.artifact(harbour, cid)).toBe('E_NOT_FOUND')
  expect(await peer.blocks(harbour, blocks)).toEqual(blocks.map(() => false))
  await using ipfs = await IpfsNode.startConnectedTo(harbour)
  await expect(ipfs.cat(cid, AbortSignal.timeout(2_000))).rejects.toThrow()
  expect(JSON.stringify(await harbour.run('info', 'npm:fleet'))).toContain('"state":"live"')
  const again = await harbour.try('publish', path, '--public')
  expect(errorOf(again)).toEqual([5, 'E_PURGED'])
}, 120_000)
