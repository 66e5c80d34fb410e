import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openLevelDatabase, RecordStore } from '../../src/node/storage/index.ts'
import {
  CatalogueFold,
  type FeedId,
  foldPublisher,
  type PublisherId,
  parseRecord,
  type RecordId,
  type WellFormedRecord,
} from '../../src/protocol/index.ts'
import { NodeProcess } from './hanse-process.ts'
import { TestPeer } from './test-peer.ts'

const PUBLISHES = 200
/** Publishes under way at once. */
const PARALLEL = 4
/** The node is killed when this many more were acknowledged. */
const KILLS_AFTER = [37, 61, 2]

/** What the node answered with 2xx: it promised to keep this. */
interface Acknowledged {
  readonly number: number
  readonly record: RecordId
  readonly sha256: string
}

let node: NodeProcess
let publisher: PublisherId
let publicFeed: FeedId
const acknowledged = new Map<number, Acknowledged>()
/** Publishes that the very next search did not show. */
const notFound: number[] = []

const bytesOf = (number: number) => Buffer.from(`cargo ${number}\n`.repeat(200))
const isPublic = (number: number) => number % 4 !== 0
const packageOf = (number: number) => `pkg:generic/cargo-${number % 20}`

/** Publishes over HTTP; null when the node did not live to answer. */
async function publish(number: number, http: string, token: string): Promise<Acknowledged | null> {
  const purl = `${packageOf(number)}@1.0.${number}`
  const query = new URLSearchParams({ name: `cargo-${number}.txt`, purl, public: isPublic(number) ? '1' : '0' })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
  const answer = await fetch(`${http}/api/publish?${query}`, { method: 'POST', headers, body: bytesOf(number) }).catch(
    () => null,
  )
  if (answer === null) return null
  const body = (await answer.json().catch(() => null)) as { record: RecordId; sha256: string } | null
  if (body === null) return null
  if (!answer.ok) throw new Error(`publish ${number}: ${JSON.stringify(body)}`)
  return { number, record: body.record, sha256: body.sha256 }
}

/** Asks the search API; null when the node did not live to answer. */
async function search(text: string, http: string, token: string) {
  const headers = { authorization: `Bearer ${token}` }
  const query = new URLSearchParams({ q: text, local: '1', limit: '50' })
  const answer = await fetch(`${http}/api/search?${query}`, { headers }).catch(() => null)
  const body = (await answer?.json().catch(() => null)) as SearchAnswer | null | undefined
  return answer === null || !body ? null : { status: answer.status, ...body }
}

interface SearchAnswer {
  readonly hits?: readonly { readonly purl: string; readonly version: string }[]
  readonly error?: { readonly code: string }
}

/** The version that a search by name shows of the package of a publish; null when the node did not live to answer. */
async function versionFound(number: number, http: string, token: string): Promise<string | null> {
  const answer = await search(`cargo-${number % 20}`, http, token)
  if (answer === null) return null
  return answer.hits?.find(({ purl }) => purl === packageOf(number))?.version ?? 'none'
}

/** Publishes what is not acknowledged yet; after `killAfter` of them the process is killed with the rest on their way. */
async function publishAll(killAfter: number): Promise<void> {
  const { http } = node.ready
  const token = await node.token()
  const left = Array.from({ length: PUBLISHES }, (_, number) => number).filter(number => !acknowledged.has(number))
  let killed: Promise<unknown> | null = null
  let done = 0
  const work = async () => {
    for (let number = left.shift(); number !== undefined && killed === null; number = left.shift()) {
      const answer = await publish(number, http, token)
      if (answer === null) continue
      acknowledged.set(number, answer)
      if (++done === killAfter) killed = node.end('SIGKILL')
      const version = await versionFound(number, http, token)
      if (version !== null && version !== `1.0.${number}`) notFound.push(number)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  await killed
}

/** Starts the killed node again: its search shows all that was acknowledged, or what was stored after it. */
async function restartAndSearch(): Promise<void> {
  await node.restart()
  const token = await node.token()
  const newest = Map.groupBy(acknowledged.keys(), packageOf).values()
  for (const number of [...newest].map(numbers => Math.max(...numbers))) {
    const version = await versionFound(number, node.ready.http, token)
    expect(Number(version?.split('.')[2])).toBeGreaterThanOrEqual(number)
  }
}

async function publicChain(): Promise<WellFormedRecord[]> {
  await using peer = await TestPeer.start()
  await peer.connect(node)
  const head = (await peer.heads(node, publisher)).filter(({ feed }) => feed === publicFeed)
  expect(head).toHaveLength(1)
  return await peer.chain(node, publisher, publicFeed, head[0]!.id)
}

/** Every record in the home of a node that has ended. */
async function storedRecords(): Promise<WellFormedRecord[]> {
  await using database = await openLevelDatabase(join(node.home, 'database'))
  const records: WellFormedRecord[] = []
  for await (const { envelope } of new RecordStore(database).records())
    records.push(parseRecord(envelope, { net: 'main' }))
  return records
}

beforeAll(async () => {
  node = await NodeProcess.start()
  publisher = node.ready.publisher as PublisherId
  publicFeed = (await node.feeds()).public
})

afterAll(async () => {
  await node?.[Symbol.asyncDispose]()
})

describe('a node killed in the middle of 200 publishes', () => {
  it('has every acknowledged one after each restart, and no gap in its feed', async () => {
    for (const killAfter of [...KILLS_AFTER, PUBLISHES]) {
      await publishAll(killAfter)
      if (acknowledged.size < PUBLISHES) await restartAndSearch()
      const records = await publicChain()
      expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1))
      expect(records.map(({ prev }) => prev)).toEqual([null, ...records.slice(0, -1).map(({ id }) => id)])
      const ids = new Set(records.map(({ id }) => id))
      const lost = [...acknowledged.values()].filter(({ number, record }) => isPublic(number) && !ids.has(record))
      expect(lost).toEqual([])
    }
    expect(acknowledged.size).toBe(PUBLISHES)
    expect(notFound).toEqual([])
    expect((await node.run('status')).releases).toBe(PUBLISHES)
    const headers = { authorization: `Bearer ${await node.token()}` }
    for (const { number, sha256 } of acknowledged.values()) {
      const answer = await fetch(`${node.ready.http}/api/artifacts/${sha256}`, { headers })
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      expect(bytes.equals(bytesOf(number))).toBe(true)
    }
  }, 180_000)

  it('answers odd searches like others', async () => {
    const { http } = node.ready
    const token = await node.token()
    const ask = async (text: string) => (await search(text, http, token))!
    for (const text of ['', ' ', '"', 'x'.repeat(5_001)]) {
      expect(await ask(text)).toMatchObject({ status: 400, error: { code: 'E_USAGE' } })
    }
    const purls = async (text: string) => {
      const { status, hits } = await ask(text)
      expect([text, status]).toEqual([text, 200])
      return hits!.map(({ purl }) => purl)
    }
    for (const text of ['🦄', '包管理', 'x'.repeat(5_000), '\ud800']) expect(await purls(text)).toEqual([])
    for (const text of ['c', 'the of and', '__proto__', 'constructor', 'cargo"', "('cargo"]) await purls(text)
    expect(await purls('cargo '.repeat(500))).toEqual(await purls('cargo'))
    expect((await purls('"cargo-7'))[0]).toBe('pkg:generic/cargo-7')
  })

  it('shows the digest of a full refold, and nothing for doctor to find', async () => {
    const [row] = ((await node.run('publishers')) as unknown as { id: string; digest: string }[]).filter(
      ({ id }) => id === publisher,
    )
    const { catalogueDigest } = await node.run('status')
    expect((await node.run('doctor')).findings).toEqual([])
    expect(await node.end('SIGTERM')).toBe(0)
    const records = await storedRecords()
    const refold = foldPublisher(publisher, records.toReversed())
    expect(row?.digest).toBe(refold.digest)
    const whole = new CatalogueFold()
    whole.add(records)
    expect(catalogueDigest).toBe(whole.digest())
    expect([...refold.packages.values()].reduce((sum, { releases }) => sum + releases.size, 0)).toBe(PUBLISHES)
    // Private releases are in the same database, contiguous too, and as acknowledged.
    const stored = new Set(records.map(({ id }) => id))
    expect([...acknowledged.values()].filter(({ record }) => !stored.has(record))).toEqual([])
    // What was stored but not acknowledged is answered with its record when it is published again, not released twice.
    expect(records.filter(({ typ }) => typ === 'release')).toHaveLength(PUBLISHES)
    for (const [, feed] of Map.groupBy(records, record => record.feed)) {
      expect(feed.map(({ seq }) => seq)).toEqual(feed.map((_, index) => index + 1))
    }
  })
})
