import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { ComparedDigests } from '../../../src/node/sharing/compared-digests.ts'
import { originIdentityOf } from '../../../src/node/sharing/origin-identity.ts'
import { OriginStatements } from '../../../src/node/sharing/origin-statements.ts'
import { OriginVoices } from '../../../src/node/sharing/origin-voices.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { seenVersionsOf } from '../../../src/node/upstream/npm/first-seen.ts'
import { KeptPackument } from '../../../src/node/upstream/npm/kept-packument.ts'
import { parsePackument } from '../../../src/node/upstream/npm/parse-packument.ts'
import {
  buildWriterRecord,
  feedIdOf,
  type OriginOp,
  type PackageName,
  type ReleaseName,
  type Sha256,
} from '../../../src/protocol/index.ts'
import { delegateOf, NET, publisherOf } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { rawCidOf } from '../storage/temporary-home.ts'
import { idOf } from '../use-cases/holder-world.ts'

const HULL = 'pkg:npm/hull' as PackageName
const [OWN, HARBOUR, MILL] = [1, 2, 3]

const digestOf = (word: string) => `sha512-${createHash('sha512').update(word).digest('base64')}`
const sha1Of = (word: string) => createHash('sha1').update(word).digest('hex')

function opOf(word: string, { version = '1.0.0', upstream = 'npmjs', digest = digestOf(word) } = {}): OriginOp {
  const bytes = Buffer.from(word)
  const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256
  const artifact = { name: 'hull.tgz', cid: rawCidOf(bytes), size: bytes.length, sha256 }
  return { op: 'origin', purl: `${HULL}@${version}` as ReleaseName, upstream, digest, time: null, artifact }
}

function recordsOf(seed: number, ops: readonly OriginOp[]) {
  const by = publisherOf(seed)
  const place = { net: NET, publisher: by.genesis.publisher, feed: feedIdOf([1, by.writer.bytes]), seq: 1, ts: 3 }
  const auth = by.genesis.id
  const record = buildWriterRecord({ ...place, prev: null, auth, typ: 'origin', ops }, by.writer.sign)
  return [by.genesis, delegateOf(by, { body: { visibility: 'public' } }), record]
}

/** The upstream's own document, with one version of these bytes. */
function listing(word: string, dist: object = { integrity: digestOf(word) }): KeptPackument {
  const tarball = 'https://registry.example.org/hull.tgz'
  const versions = { '1.0.0': { name: 'hull', version: '1.0.0', dist: { tarball, ...dist } } }
  const bytes = Buffer.from(JSON.stringify({ name: 'hull', versions, 'dist-tags': {} }))
  const { document } = parsePackument('hull', bytes)!
  const seen = seenVersionsOf(document, null, false, 0)
  const facts = { name: 'hull', revision: `${word} ${JSON.stringify(dist)}`, etag: null, lastModified: null, seen }
  return new KeptPackument(facts, bytes, document)
}

async function world() {
  const folder = await temporaryFolder()
  const database = await openLevelDatabase(join(folder, 'database'))
  const index = await openSearchIndex(database.table('index'))
  const library = await Library.open({ net: NET, database, records: new RecordStore(database), index })
  library.access.ownedBy(idOf(OWN))
  const relations = await RelationBook.open(join(folder, 'relations.json'))
  const statements = new OriginStatements({ own: idOf(OWN), library, relations })
  const compared = new ComparedDigests()
  const voices = new OriginVoices({ own: idOf(OWN), relations, statements, compared })
  return {
    library,
    relations,
    states: async (seed: number, ...ops: readonly OriginOp[]) => {
      const records = recordsOf(seed, ops)
      await library.store.append(records)
      await library.absorb(records)
    },
    upstreamLists: (packument: KeptPackument) => {
      const stated = [...statements.of(HULL, 'npmjs', statements.counted()).values()]
      compared.note(HULL, 'npmjs', packument, stated)
    },
    dispute: () => voices.disputeOf(HULL, 'npmjs', '1.0.0'),
    hearsay: () => voices.hearsayOf(HULL, 'npmjs', '1.0.0'),
    async [Symbol.asyncDispose]() {
      await index[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

describe('a version', () => {
  let it: Awaited<ReturnType<typeof world>>
  beforeEach(async ({ onTestFinished }) => {
    it = await world()
    onTestFinished(() => it[Symbol.asyncDispose]())
  })
  const allow = (seed: number, as: string) => it.relations.change(idOf(seed), { do: 'allow-origin' }, as)

  test('is disputed where a publisher allowed for origin contradicts this node', async () => {
    await it.states(OWN, opOf('right'))
    await it.states(HARBOUR, opOf('wrong'))
    expect(it.dispute()).toBeNull()
    await allow(HARBOUR, 'harbour')
    expect(it.dispute()).toContain('this node says sha512-')
    expect(it.dispute()).toContain('hanse disallow harbour --for origin')
    await it.relations.change(idOf(HARBOUR), { do: 'disallow-origin' })
    expect(it.dispute()).toBeNull()
  })

  test('is disputed where the upstream contradicts what was stated of it, this node’s own word too', async () => {
    await it.states(OWN, opOf('right'))
    it.upstreamLists(listing('right'))
    expect(it.dispute()).toBeNull()
    it.upstreamLists(listing('changed'))
    expect(it.dispute()).toMatch(/npmjs says sha512-.*this node says|this node says sha512-.*npmjs says/)
  })

  test('is not disputed by another upstream, another version, a digest of another kind, or no digest', async () => {
    await allow(HARBOUR, 'harbour')
    await it.states(OWN, opOf('right'))
    await it.states(
      HARBOUR,
      opOf('wrong', { upstream: 'elsewhere' }),
      opOf('wrong', { version: '1.0.1' }),
      opOf('wrong', { digest: `sha1-${Buffer.from(sha1Of('right'), 'hex').toString('base64')}` }),
      opOf('wrong', { digest: 'sha512-nonsense' }),
    )
    it.upstreamLists(listing('right', { integrity: digestOf('right'), shasum: sha1Of('right') }))
    expect(it.dispute()).toBeNull()
    it.upstreamLists(listing('right', { integrity: digestOf('right'), shasum: sha1Of('other') }))
    expect(it.dispute()).not.toBeNull()
  })

  test('is disputed among others when this node has nothing of it', async () => {
    await allow(HARBOUR, 'harbour')
    await allow(MILL, 'mill')
    await it.states(HARBOUR, opOf('one'))
    await it.states(MILL, opOf('other'))
    expect(it.dispute()).toMatch(
      /hanse disallow (harbour|mill) --for origin, or hanse disallow (harbour|mill) --for origin/,
    )
  })

  test('is not held by whom this node only follows; it is told', async () => {
    await it.relations.change(idOf(HARBOUR), { do: 'follow' }, 'harbour')
    await it.states(OWN, opOf('right'))
    await it.states(HARBOUR, opOf('wrong'))
    expect(it.dispute()).toBeNull()
    expect(it.hearsay()).toContain('hanse allow harbour --for origin')
    await it.relations.change(idOf(HARBOUR), { do: 'block' })
    expect([it.dispute(), it.hearsay()]).toEqual([null, null])
  })
})

test('stated names are not own names: an upstream’s package stays the upstream’s', async () => {
  await using it = await world()
  await it.states(OWN, opOf('right'))
  const { sha256 } = opOf('right').artifact
  expect(it.library.package(idOf(OWN), HULL)?.releases.size).toBe(0)
  expect([it.library.access.isReleasedHere(sha256), it.library.access.releasedHere()]).toEqual([false, []])
  expect(it.library.access.namedBy(sha256, { isOwn: false, isPulled: true }).visibility).toBe('public')
  await it.states(HARBOUR, opOf('other'))
  const other = opOf('other').artifact.sha256
  expect(it.library.access.namedBy(other, { isOwn: false, isPulled: true }).visibility).toBe('unnamed')
})

test('an upstream is known to others as npmjs, by what its operator says, or not at all', () => {
  const npm = { ecosystem: 'npm', url: 'https://registry.example.org/' } as const
  expect(originIdentityOf('npmjs', undefined)).toBe('npmjs')
  expect(originIdentityOf('npmjs', npm)).toBe('npmjs')
  expect(originIdentityOf('nexus', npm)).toBeNull()
  expect(originIdentityOf('nexus', { ...npm, shareAs: 'example' })).toBe('example')
  for (const secret of [{ tokenFile: '/t' }, { username: 'u' }, { passwordFile: '/p' }]) {
    expect(originIdentityOf('npmjs', { ...npm, ...secret })).toBeNull()
    expect(originIdentityOf('nexus', { ...npm, ...secret, shareAs: 'example' })).toBeNull()
  }
  expect(originIdentityOf('npmjs', { ...npm, ecosystem: 'pypi' })).toBeNull()
})
