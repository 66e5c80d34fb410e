import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Clock, FederationError, layoutOf } from '../../../src/federation/index.ts'
import { HURRIED_IDLE_MS, MAX_HURRIED_FETCHES } from '../../../src/node/sharing/limits.ts'
import { PeerBytes, type StatedBytes } from '../../../src/node/sharing/peer-bytes.ts'
import { openArtifactStore, openLevelDatabase, StorageError } from '../../../src/node/storage/index.ts'
import { expectedDigestsOf } from '../../../src/node/upstream/npm/npm-digest.ts'
import type { Artifact, PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bytesOf } from '../storage/temporary-home.ts'
import { peerOf } from '../use-cases/holder-world.ts'

const [good, bad, third] = [peerOf(1), peerOf(2), peerOf(3)]
const HURRIED_MS = 200
const CALM = new AbortController().signal

/** Time that the test moves. */
class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; action: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  pass(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer)
      timer.action()
    }
  }
}

type Answer = (signal: AbortSignal, options: { readonly firstByteMs?: number }) => AsyncGenerator<Uint8Array>

async function world(answers: ReadonlyMap<PeerId, Answer>, connected: readonly PeerId[] = [...answers.keys()]) {
  const folder = await temporaryFolder()
  const database = await openLevelDatabase(join(folder, 'database'))
  const store = await openArtifactStore({ database, folder })
  const clock = new ManualClock()
  const seen = {
    asked: [] as PeerId[],
    missed: [] as PeerId[],
    lies: 0,
    offences: [] as string[],
    wanted: true,
    problems: [] as unknown[],
  }
  const bytes = new PeerBytes({
    streams: {
      reportOffence: (_peer, code) => seen.offences.push(code),
      async *request(peer, _protocol, _payload, options = {}) {
        seen.asked.push(peer)
        const answer = answers.get(peer)
        if (answer === undefined) throw new FederationError('E_NOT_FOUND', 'not here')
        yield* answer(options.signal!, options)
      },
    },
    protocol: 'content',
    store,
    clock,
    isWanted: () => seen.wanted,
    onBrought: async () => {},
    onProblem: problem => seen.problems.push(problem),
    hurriedMs: HURRIED_MS,
    connectedHolders: () => connected.filter(peer => !seen.missed.includes(peer)),
    async *providersOf() {
      yield* connected
    },
    onMiss: (_bytes, peer) => seen.missed.push(peer),
    onLie: () => seen.lies++,
  })
  const dispose = () => database[Symbol.asyncDispose]()
  return { bytes, store, clock, seen, [Symbol.asyncDispose]: dispose }
}

async function statedOf(content: Uint8Array, publisher = 'harbour'): Promise<StatedBytes> {
  const { cid, size, sha256 } = await layoutOf([content])
  const artifact: Artifact = { name: 'x-1.0.0.tgz', cid, size, sha256 }
  return { publisher: publisher as PublisherId, artifact }
}

const digestOf = (content: Uint8Array) =>
  expectedDigestsOf({ integrity: `sha512-${createHash('sha512').update(content).digest('base64')}` })!

const sends = (content: Uint8Array): Answer =>
  async function* () {
    for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000)
  }

/** Resolves when the signal ends it, or when the kept stream's own time-out would. */
function stalls(clock: ManualClock, before: readonly Uint8Array[], begun: () => void): Answer {
  return async function* (signal, { firstByteMs = 0 }) {
    yield* before
    const { promise, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    if (before.length === 0) clock.after(firstByteMs, () => reject(new FederationError('E_FIRST_BYTE_LATE', 'late')))
    begun()
    await promise
  }
}

const content = bytesOf(300_000)

test('bytes of a holder are here, as the upstream’s: closed to everyone else', async () => {
  await using it = await world(new Map([[good, sends(content)]]))
  const stated = await statedOf(content)
  expect(await it.bytes.bring([stated], digestOf(content), 'hurry', CALM)).toBe(stated.artifact.sha256)
  expect(await it.store.has(stated.artifact.sha256)).toBe(true)
  expect(await it.store.marks.isPulled(stated.artifact.sha256)).toBe(true)
  expect(await it.bytes.bring([stated], digestOf(content), 'hurry', CALM)).toBe(stated.artifact.sha256)
  expect(it.seen.asked).toEqual([good])
})

test('a peer that stalls costs the time-out, once', async () => {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const answers = new Map<PeerId, Answer>()
  await using it = await world(answers, [bad, good])
  answers.set(bad, stalls(it.clock, [], resolve))
  answers.set(good, sends(content))
  const stated = await statedOf(content)
  const bringing = it.bytes.bring([stated], digestOf(content), 'hurry', CALM)
  await begun
  it.clock.pass(HURRIED_MS)
  // All of the time is used up: the upstream is asked next.
  expect(await bringing).toBeNull()
  expect([it.seen.asked, it.seen.missed]).toEqual([[bad], [bad]])
  expect(await it.bytes.bring([stated], digestOf(content), 'hurry', CALM)).toBe(stated.artifact.sha256)
  expect(it.seen.asked).toEqual([bad, good])
})

test('a peer that stalls in the middle is left after a pause', async () => {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const answers = new Map<PeerId, Answer>()
  await using it = await world(answers, [bad])
  answers.set(bad, stalls(it.clock, [content.subarray(0, 100_000)], resolve))
  const bringing = it.bytes.bring([await statedOf(content)], digestOf(content), 'hurry', CALM)
  await begun
  it.clock.pass(HURRIED_IDLE_MS)
  expect(await bringing).toBeNull()
  expect(it.seen.missed).toEqual([bad])
})

test('a peer that trickles is left when a slow link would have brought all', async () => {
  const answers = new Map<PeerId, Answer>()
  await using it = await world(answers, [bad])
  let pieces = 0
  answers.set(bad, async function* (signal) {
    for (; ; pieces++) {
      yield content.subarray(pieces, pieces + 1)
      it.clock.pass(HURRIED_IDLE_MS - 1)
      signal.throwIfAborted()
    }
  })
  expect(await it.bytes.bring([await statedOf(content)], digestOf(content), 'hurry', CALM)).toBeNull()
  expect(pieces).toBeLessThan(5)
  expect(it.seen.missed).toEqual([bad])
})

test('altered bytes are caught before anyone has them, the peer is charged and the next one asked', async () => {
  const altered = Uint8Array.from(content)
  altered[299_999]! ^= 1
  await using it = await world(
    new Map([
      [bad, sends(altered)],
      [good, sends(content)],
    ]),
  )
  const stated = await statedOf(content)
  expect(await it.bytes.bring([stated], digestOf(content), 'hurry', CALM)).toBe(stated.artifact.sha256)
  expect(it.seen.offences).toEqual(['block-altered'])
})

test('bytes that are exactly what a publisher names, and not what the upstream says, are used by nobody', async () => {
  const evil = bytesOf(1_000, 'evil')
  await using it = await world(new Map([[bad, sends(evil)]]))
  expect(await it.bytes.bring([await statedOf(evil)], digestOf(content), 'hurry', CALM)).toBeNull()
  expect(it.seen.lies).toBe(1)
  await using other = await world(
    new Map([
      [bad, sends(evil)],
      [good, async function* () {}],
    ]),
  )
  expect(await other.bytes.bring([await statedOf(evil)], digestOf(content), 'patience', CALM)).toBeNull()
})

test('nobody is asked for what this node does not take, or by whom nobody is known to hold', async () => {
  await using it = await world(new Map([[good, sends(content)]]), [])
  const stated = await statedOf(content)
  expect(await it.bytes.bring([stated], digestOf(content), 'hurry', CALM)).toBeNull()
  it.seen.wanted = false
  expect(await it.bytes.bring([stated], digestOf(content), 'patience', CALM)).toBeNull()
  expect(it.seen.asked).toEqual([])
  expect(await it.store.marks.isPulled(stated.artifact.sha256)).toBe(false)
})

test('a disk that takes nothing is no reason not to ask the upstream', async () => {
  await using it = await world(new Map([[good, sends(content)]]))
  it.store.marks.markPulled = () => Promise.reject(new StorageError('E_DISK_FULL', 'the disk is full'))
  expect(await it.bytes.bring([await statedOf(content)], digestOf(content), 'hurry', CALM)).toBeNull()
  expect(it.seen.problems).toHaveLength(1)
})

test('so many at once are asked of peers; the others go to the upstream without waiting', async () => {
  const answers = new Map<PeerId, Answer>()
  await using it = await world(answers, [third])
  let begun = 0
  const { promise: allBegun, resolve } = Promise.withResolvers<void>()
  const count = () => {
    if (++begun === MAX_HURRIED_FETCHES) resolve()
  }
  answers.set(third, stalls(it.clock, [], count))
  const all = await Promise.all(
    Array.from({ length: MAX_HURRIED_FETCHES + 1 }, (_, at) => statedOf(bytesOf(100, String(at)))),
  )
  const running = all.slice(0, -1).map(each => it.bytes.bring([each], null, 'hurry', CALM))
  await allBegun
  expect(await it.bytes.bring([all.at(-1)!], null, 'hurry', CALM)).toBeNull()
  it.clock.pass(HURRIED_MS)
  expect(await Promise.all(running)).toEqual(running.map(() => null))
  expect(it.seen.asked).toHaveLength(MAX_HURRIED_FETCHES)
})
