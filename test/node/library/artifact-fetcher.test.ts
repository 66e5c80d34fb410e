import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { FederationError } from '../../../src/federation/errors.ts'
import { type ArtifactLayout, layoutOf } from '../../../src/federation/index.ts'
import { ArtifactFetcher } from '../../../src/node/library/artifact-fetcher.ts'
import { openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import type { Artifact, PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bytesOf } from '../storage/temporary-home.ts'

const MIB = 1 << 20
const [good, hostile] = ['good', 'hostile'] as PublisherId[] as [PublisherId, PublisherId]
const signal = new AbortController().signal

/** Each publisher has one provider of its name, which sends its bytes when `gate` of it opens. */
async function fetcherWith(
  bytes: Record<string, Uint8Array>,
  gates: Record<string, Promise<void>> = {},
  isOpen = (_publisher: PublisherId) => true,
) {
  const folder = await temporaryFolder()
  const database = await openLevelDatabase(join(folder, 'database'))
  const store = await openArtifactStore({ database, folder })
  const begun: string[] = []
  const streams = {
    reportOffence: () => {},
    async *request(peer: string) {
      const of = bytes[peer]
      begun.push(peer)
      if (of === undefined) {
        await gates[peer]
        throw new FederationError('E_NOT_FOUND', 'nothing here')
      }
      const { rootBlock } = await layoutOf([of])
      if (rootBlock !== null) yield rootBlock
      await gates[peer]
      yield of.slice()
    },
  }
  const fetcher = new ArtifactFetcher({
    streams: streams as never,
    protocol: 'content',
    store,
    isOpen: (_artifact, publisher) => isOpen(publisher),
    providersOf: async function* (_artifact, publisher) {
      yield publisher as string as PeerId
    },
    onFetched: () => {},
  })
  return { fetcher, store, begun, folder, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

const artifactOf = ({ cid, size }: ArtifactLayout, { sha256 }: ArtifactLayout): Artifact => ({
  name: 'x.tgz',
  cid,
  size,
  sha256,
})

/** A call that waits for its fetch: until then its signal has no listener. */
async function joined(fetcher: ArtifactFetcher, artifact: Artifact, publisher: PublisherId, of: AbortSignal) {
  const listens = vi.spyOn(of, 'addEventListener')
  const fetched = fetcher.fetch(artifact, publisher, of)
  fetched.catch(() => {})
  await expect.poll(() => listens.mock.calls.length).toBe(1)
  return { fetched }
}

test('a release with a false CID for the same sha-256 neither fails nor delays the true one', async () => {
  const [mine, theirs] = [bytesOf(MIB + 500, 'mine'), bytesOf(MIB + 500, 'theirs')]
  const [a, b] = [await layoutOf([mine]), await layoutOf([theirs])]
  const { promise, resolve } = Promise.withResolvers<void>()
  await using it = await fetcherWith({ good: mine, hostile: theirs }, { hostile: promise })
  const slow = it.fetcher.fetch(artifactOf(b, a), hostile, signal)
  await expect.poll(() => it.begun).toEqual(['hostile'])
  await expect.poll(() => readdir(join(it.folder, 'partial'))).toHaveLength(2)
  expect(await it.fetcher.fetch(artifactOf(a, a), good, signal)).toMatchObject({ from: 'good' })
  resolve()
  expect(await slow).toMatchObject({ failed: 'E_ARTIFACT_ALTERED' })
  expect(await it.store.has(a.cid)).toBe(true)
  expect(await it.fetcher.fetch(artifactOf(b, a), hostile, signal)).toMatchObject({ failed: 'E_ARTIFACT_ALTERED' })
})

test('a fetch shared with another publisher’s release is tried with its own providers when that fails', async () => {
  const bytes = bytesOf(1000)
  const layout = await layoutOf([bytes])
  const { promise, resolve } = Promise.withResolvers<void>()
  await using it = await fetcherWith({ good: bytes }, { hostile: promise })
  const ask = (publisher: PublisherId) =>
    joined(it.fetcher, artifactOf(layout, layout), publisher, new AbortController().signal)
  const theirs = await ask(hostile)
  const [ours, again] = [await ask(good), await ask(good)]
  resolve()
  expect(await theirs.fetched).toMatchObject({ failed: 'E_NO_PROVIDER' })
  expect([await ours.fetched, await again.fetched]).toMatchObject([{ from: 'good' }, { from: 'good' }])
  expect(it.begun).toEqual(['hostile', 'good'])
})

test('a fetch that its last caller left while it waited for a place is not joined, and takes no place', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const names = Array.from({ length: 32 }, (_, i) => `busy${i}`)
  const layouts = await Promise.all(names.map(name => layoutOf([bytesOf(1000, name)])))
  const bytes = bytesOf(1000)
  const layout = await layoutOf([bytes])
  const shelf = Object.fromEntries(names.map(name => [name, bytesOf(1000, name)]))
  await using it = await fetcherWith({ ...shelf, good: bytes }, Object.fromEntries(names.map(name => [name, promise])))
  const busy = layouts.map((each, i) => it.fetcher.fetch(artifactOf(each, each), names[i] as PublisherId, signal))
  await expect.poll(() => it.begun.length).toBe(32)

  const waiting = (of: AbortSignal) => joined(it.fetcher, artifactOf(layout, layout), good, of)
  const leaving = new AbortController()
  const first = await waiting(leaving.signal)
  leaving.abort(new Error('left'))
  await expect(first.fetched).rejects.toThrow('left')
  const second = await waiting(new AbortController().signal)
  resolve()
  expect(await second.fetched).toMatchObject({ from: 'good' })
  expect(await Promise.all(busy)).toMatchObject(names.map(from => ({ from })))
  expect(it.begun.toSorted()).toEqual([...names, 'good'].toSorted())
})

test('what came for an audience is not opened by a stranger’s release that joined its fetch', async () => {
  const bytes = bytesOf(1000)
  const layout = await layoutOf([bytes])
  const artifact = artifactOf(layout, layout)
  const { promise, resolve } = Promise.withResolvers<void>()
  await using it = await fetcherWith({ good: bytes }, { good: promise }, publisher => publisher === hostile)
  const listed = await joined(it.fetcher, artifact, good, new AbortController().signal)
  const stranger = await joined(it.fetcher, artifact, hostile, new AbortController().signal)
  resolve()
  expect([await listed.fetched, await stranger.fetched]).toMatchObject([{ from: 'good' }, { from: 'good' }])
  expect(await it.store.marks.listedBy(layout.sha256)).toBe(good)
})
