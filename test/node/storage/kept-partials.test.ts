import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ArtifactLayout, type ArtifactSink, fetchArtifact } from '../../../src/federation/index.ts'
import { artifactSinkOf } from '../../../src/node/storage/artifact-sink.ts'
import { type ArtifactStore, openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { StorageError } from '../../../src/node/storage/errors.ts'
import { prunePartials } from '../../../src/node/storage/kept-partials.ts'
import type { LevelDatabase } from '../../../src/node/storage/level-database.ts'
import { KEPT_PARTIAL_MS, MAX_KEPT_PARTIALS } from '../../../src/node/storage/limits.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { type PeerId, parseContentRequest } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bytesOf, chunksOf, heliaLayoutOf } from './temporary-home.ts'

const MIB = 1 << 20
const PEER = 'peer' as PeerId
let stack: AsyncDisposableStack
let folder: string
let database: LevelDatabase
let store: ArtifactStore

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  folder = await temporaryFolder()
  database = stack.use(await openLevelDatabase(join(folder, 'database')))
  store = await openArtifactStore({ database, folder })
})
afterEach(() => stack.disposeAsync())

const partials = () => readdir(join(folder, 'partial'))
const nameOf = ({ sha256, cid, size }: ArtifactLayout) => `${sha256}-${cid}-${size}`

/** A peer that ends its answer, or is left, after some leaves; `asked` has the first leaf of each request. */
function peerWith(
  bytes: Uint8Array,
  layout: ArtifactLayout,
  { leaves, abort }: { leaves: number; abort?: () => void },
) {
  const asked: number[] = []
  const streams = {
    reportOffence: () => {},
    async *request(_peer: PeerId, _protocol: string, payload: Uint8Array) {
      const request = parseContentRequest(payload)
      if (request.ask !== 'artifact') throw new TypeError('asks for an artifact')
      asked.push(request.from)
      if (request.from === 0 && layout.rootBlock !== null) yield layout.rootBlock
      for (let i = request.from; i < layout.leaves.length && i < leaves; i++) yield bytes.slice(i * MIB, (i + 1) * MIB)
      abort?.()
    },
  }
  return { asked, context: { streams, protocol: 'content', sink: artifactSinkOf(store) } }
}

test('a fetch that broke off goes on at the first missing leaf, also after a restart', async () => {
  const bytes = bytesOf(5 * MIB + 7)
  const layout = await heliaLayoutOf(chunksOf(bytes))
  const signal = new AbortController().signal
  const first = peerWith(bytes, layout, { leaves: 2 })
  expect(await fetchArtifact(first.context, layout, [PEER], { signal })).toMatchObject({ failed: 'E_NO_PROVIDER' })
  expect((await partials()).toSorted()).toEqual([nameOf(layout), `${nameOf(layout)}.root`])

  store = await openArtifactStore({ database, folder })
  const leaving = new AbortController()
  const second = peerWith(bytes, layout, { leaves: 4, abort: () => leaving.abort() })
  const aborted = fetchArtifact(second.context, layout, [PEER, 'other' as PeerId], { signal: leaving.signal })
  await aborted.catch(() => {})
  expect(second.asked[0]).toBe(2)

  const third = peerWith(bytes, layout, { leaves: 6 })
  expect(await fetchArtifact(third.context, layout, [PEER], { signal })).toMatchObject({ from: PEER })
  expect(third.asked.toSorted()[0]).toBe(4)
  expect(await store.has(layout.cid)).toBe(true)
  expect(await partials()).toEqual([])
})

test('a release that contradicts itself keeps nothing, nor does one of which no leaf came', async () => {
  const bytes = bytesOf(2 * MIB + 1)
  const layout = await heliaLayoutOf(chunksOf(bytes))
  const signal = new AbortController().signal
  const lie = { ...layout, sha256: 'ab'.repeat(32) as ArtifactLayout['sha256'] }
  const whole = peerWith(bytes, layout, { leaves: 3 })
  expect(await fetchArtifact(whole.context, lie, [PEER], { signal })).toMatchObject({ failed: 'E_ARTIFACT_ALTERED' })
  const none = peerWith(bytes, layout, { leaves: 0 })
  expect(await fetchArtifact(none.context, layout, [PEER], { signal })).toMatchObject({ failed: 'E_NO_PROVIDER' })
  expect(await partials()).toEqual([])
})

test('interrupted fetches that are too old or too many are removed, the oldest first', async () => {
  const path = (name: string) => join(folder, 'partial', name)
  const put = async (word: string, size: number, ageMs: number) => {
    const bytes = new Uint8Array(Buffer.alloc(size, `${word}.`))
    const layout = await heliaLayoutOf(chunksOf(bytes))
    const partial = (await store.openPartial(layout))!
    await partial.writeLeaf(0, bytes.subarray(0, MIB))
    await partial[Symbol.asyncDispose]()
    const at = new Date(Date.now() - ageMs)
    await utimes(path(nameOf(layout)), at, at)
    return nameOf(layout)
  }
  const old = await put('old', MIB + 1, KEPT_PARTIAL_MS + 1_000)
  const names = []
  for (let i = 0; i <= MAX_KEPT_PARTIALS; i++) names.push(await put(`${i}`, MIB + 1, (i + 1) * 1_000))
  await store.prunePartials()
  const left = new Set(await partials())
  expect(left.has(old)).toBe(false)
  expect(names.filter(name => left.has(name))).toEqual(names.slice(0, MAX_KEPT_PARTIALS))
  expect([...left].filter(name => name.endsWith('.root'))).toHaveLength(MAX_KEPT_PARTIALS)
})

/** A folder of interrupted fetches of these MiB, the newest first, and what is left of each within a quota of 8 MiB, in MiB. */
async function keptOf(sizes: readonly number[], isOpen: (name: string) => boolean = () => false): Promise<number[]> {
  const place = join(folder, 'some')
  await mkdir(place)
  for (const [i, size] of sizes.entries()) {
    const at = new Date(Date.now() - i * 1_000)
    await writeFile(join(place, `${i}`), Buffer.alloc(size * MIB, 'x'))
    await writeFile(join(place, `${i}.root`), 'root')
    await utimes(join(place, `${i}`), at, at)
  }
  await prunePartials(place, Date.now(), isOpen, 8 * MIB)
  const left = await readdir(place)
  expect(left.filter(name => name.endsWith('.root'))).toHaveLength(left.length / 2)
  return await Promise.all(sizes.map((_, i) => (left.includes(`${i}`) ? mib(join(place, `${i}`)) : 0)))
}

const mib = async (path: string) => (await stat(path)).size / MIB

test('a removed fetch takes no room from older ones', async () => {
  expect(await keptOf([3, 3, 3, 1])).toEqual([3, 3, 0, 1])
})

test('one large interrupted fetch leaves half of the room to the others', async () => {
  expect(await keptOf([7, 2, 1])).toEqual([4, 2, 1])
})

test('a lone interrupted fetch may take all of the room', async () => {
  expect(await keptOf([7, 1])).toEqual([7, 1])
})

test('two prunes at once are one', async () => {
  const place = join(folder, 'some')
  await mkdir(place)
  for (const name of ['a', 'b', 'c']) await writeFile(join(place, name), Buffer.alloc(5 * MIB, name))
  await Promise.all(Array.from({ length: 8 }, () => prunePartials(place, Date.now(), () => false, 8 * MIB)))
  const left = await readdir(place)
  expect(await Promise.all(left.map(name => mib(join(place, name))))).toEqual([4, 4])
})

test('open fetches are neither removed nor cut', async () => {
  expect(await keptOf([7, 6, 5, 4], name => name === '0' || name === '2')).toEqual([7, 4, 5, 4])
})

test('a full disk loses nothing of what was fetched before, nor does an altered leaf', async () => {
  const bytes = bytesOf(3 * MIB + 7)
  const layout = await heliaLayoutOf(chunksOf(bytes))
  const signal = new AbortController().signal
  const peer = peerWith(bytes, layout, { leaves: 4 })
  const full: ArtifactSink = {
    begin: async wanted => {
      const writer = await peer.context.sink.begin(wanted)
      const writeLeaf = writer.writeLeaf.bind(writer)
      writer.writeLeaf = async (index, leaf) => {
        if (index === 1) throw new StorageError('E_DISK_FULL', 'full')
        await writeLeaf(index, leaf)
      }
      return writer
    },
  }
  const failed = fetchArtifact({ ...peer.context, sink: full }, layout, [PEER], { signal })
  await expect(failed).rejects.toMatchObject({ code: 'E_STORE_FAILED', cause: { code: 'E_DISK_FULL' } })
  const altered = Uint8Array.from(bytes)
  altered[2 * MIB + 9]! ^= 1
  const bad = peerWith(altered, layout, { leaves: 4 })
  expect(await fetchArtifact(bad.context, layout, [PEER], { signal })).toMatchObject({ failed: 'E_ARTIFACT_ALTERED' })
  expect(bad.asked.toSorted()[0]).toBe(1)
  const good = peerWith(bytes, layout, { leaves: 4 })
  expect(await fetchArtifact(good.context, layout, [PEER], { signal })).toMatchObject({ from: PEER })
  expect(new Set(good.asked)).toEqual(new Set([2])) // twice on a disk so slow that the peer is taken for silent
})
