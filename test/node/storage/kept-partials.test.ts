import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ArtifactLayout, fetchArtifact } from '../../../src/federation/index.ts'
import { artifactSinkOf } from '../../../src/node/storage/artifact-sink.ts'
import { type ArtifactStore, openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { type LevelDatabase, openLevelDatabase } from '../../../src/node/storage/level-database.ts'
import { KEPT_PARTIAL_MS, MAX_KEPT_PARTIALS } from '../../../src/node/storage/limits.ts'
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
  expect(await fetchArtifact(third.context, layout, [PEER], { signal })).toEqual({ from: PEER })
  expect(third.asked).toEqual([4])
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
}, 20_000)
