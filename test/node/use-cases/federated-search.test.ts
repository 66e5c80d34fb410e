import { describe, expect, it, vi } from 'vitest'
import { answerSearches, systemClock } from '../../../src/federation/index.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { info } from '../../../src/node/use-cases/info.ts'
import { search } from '../../../src/node/use-cases/search/search.ts'
import { heldTags, searchPublic } from '../../../src/node/use-cases/search-public.ts'
import { SeenHits } from '../../../src/node/use-cases/seen-hits.ts'
import {
  buildRootRecord,
  buildWriterRecord,
  encodeSearchHits,
  feedIdOf,
  heldTagOf,
  type OpsBody,
  parseSearchHits,
  type ReleaseName,
  type ReleaseOp,
  type SearchHit,
  type VoidBody,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import {
  delegateOf,
  hitOf,
  NET,
  publisherOf,
  releaseOf,
  rotateOf,
  testKey,
} from '../../federation/search/signed-hits.ts'
import { needing, PublisherFeed } from '../library/publisher-feed.ts'
import { releasing, searchingNode } from './searching-node.ts'

const acme = publisherOf(1)
const { publisher } = acme.genesis
const PURL = 'pkg:npm/left-pad@1.0.0'
const release = releaseOf(acme, PURL, { description: 'pads on the left' })

/** A node of its own whose one peer, if there is any, answers with `answer`. */
const nodeWith = (records: readonly WellFormedRecord[], answer?: ReturnType<typeof answerSearches>) =>
  searchingNode({ records, ...(answer === undefined ? {} : { answer }) })

const answering = (node: NodeContext) =>
  answerSearches({ searchPublic: query => searchPublic(node, query), clock: systemClock })
const sending = (...hits: SearchHit[]) => answerSearches({ searchPublic: () => hits, clock: systemClock })
const ask = { text: 'left-pad', limit: 10, local: false }
const request = { query: 'left-pad', k: 10, deadlineMs: 1_000 }

function voidOf(after: WellFormedRecord, from: number, head: WellFormedRecord | null): WellFormedRecord {
  const feed = feedIdOf([1, acme.writer.bytes])
  const body: VoidBody = { typ: 'void', feed, from, head: head?.id ?? null, reason: 'stolen' }
  const place = { net: NET, publisher, seq: after.seq + 1, prev: after.id, ts: 4 }
  return buildRootRecord({ ...place, by: acme.root.list, body }, acme.root.sign)
}

/** A package that `left pad` finds by its description. */
const padder = releaseOf(acme, 'pkg:npm/padder@1.0.0', { description: 'left pad' })

/** One record with packages that match `left pad` better than `padder` does. */
function manyOf({ genesis, writer }: typeof acme, count: number): WellFormedRecord[] {
  const summary = { description: 'left pad left pad left-pad', keywords: ['left', 'pad'] }
  const [like] = (release.understood as OpsBody).ops as [ReleaseOp]
  const ops = Array.from({ length: count }, (_, i) => ({
    ...like,
    summary,
    purl: `pkg:npm/left-pad-${i}@1.0.0` as ReleaseName,
  }))
  const place = { net: NET, publisher: genesis.publisher, feed: feedIdOf([1, writer.bytes]), seq: 1, prev: null, ts: 3 }
  return [buildWriterRecord({ ...place, auth: genesis.id, typ: 'release', ops }, writer.sign)]
}

/** A package whose newest release is of a feed that has expired. */
const withExpiredNewest = (() => {
  const expiring = { ...acme, writer: testKey(60) }
  const lasting = delegateOf(acme)
  const expired = delegateOf(expiring, { seq: 3, after: lasting, body: { expires: 1 } })
  return [acme.genesis, lasting, expired, release, releaseOf(expiring, 'pkg:npm/left-pad@2.0.0')]
})()

describe('a peer that searches here', () => {
  it('gets hits that verify, without and with a rotate before the delegate', async () => {
    const fresh = testKey(50)
    const rotate = rotateOf(acme, fresh)
    const rotated = [acme.genesis, rotate, delegateOf(acme, { by: fresh, seq: 3, after: rotate }), release]
    for (const records of [[acme.genesis, delegateOf(acme), release], rotated]) {
      await using server = await nodeWith(records)
      await using client = await nodeWith([], answering(server.node))
      const { hits, peers } = await search(client.node, ask)
      expect(hits).toMatchObject([
        {
          ...{ purl: 'pkg:npm/left-pad', publisher, version: '1.0.0', description: 'pads on the left' },
          ...{ source: 'federated', relation: 'none', score: 1 },
        },
      ])
      expect(peers).toEqual({ asked: 1, answered: 1, partial: false })
      expect(client.offences).toEqual([])
    }
  })

  it('gets the delegate that covers the name when the first one does not', async () => {
    const narrow = delegateOf(acme, { body: { scope: ['npm:other'] } })
    const wide = delegateOf(acme, { seq: 3, after: narrow, body: { scope: ['npm:left-*'] } })
    await using server = await nodeWith([acme.genesis, narrow, wide, release])
    const [hit] = await searchPublic(server.node, request)
    expect(hit).toEqual(hitOf(PURL, [acme.genesis, wide, release]))
  })

  it('gets nothing of an expired, blocked or private feed', async () => {
    const of = async (delegate: WellFormedRecord, block = false) => {
      await using server = await nodeWith([acme.genesis, delegate, release])
      if (block) await server.node.relations.change(publisher, { do: 'block' })
      return (await searchPublic(server.node, request)).length
    }
    expect(await of(delegateOf(acme))).toBe(1)
    expect(await of(delegateOf(acme, { body: { expires: Date.now() + 1e9 } }))).toBe(1)
    expect(await of(delegateOf(acme, { body: { expires: Date.now() - 1 } }))).toBe(0)
    expect(await of(delegateOf(acme, { body: { visibility: 'private' } }))).toBe(0)
    expect(await of(delegateOf(acme), true)).toBe(0)
  })

  it('is told of whom there are public packages, and of nobody private or blocked', async () => {
    const told = async (delegate: WellFormedRecord, block = false) => {
      await using server = await nodeWith([acme.genesis, delegate, release])
      if (block) await server.node.relations.change(publisher, { do: 'block' })
      return heldTags(server.node)
    }
    expect(await told(delegateOf(acme))).toEqual([heldTagOf(publisher)])
    expect(await told(delegateOf(acme, { body: { visibility: 'private' } }))).toEqual([])
    expect(await told(delegateOf(acme), true)).toEqual([])
  })

  it('gets the public package of a node whose private and blocked packages match better', async () => {
    const spammer = publisherOf(20)
    const spam = manyOf(spammer, 120)
    const hidden = { ...acme, writer: testKey(60) }
    const first = delegateOf(acme)
    const own = [first, delegateOf(hidden, { seq: 3, after: first, body: { visibility: 'private' } })]
    await using server = await nodeWith([
      ...[acme.genesis, ...own, ...manyOf(hidden, 120), padder],
      ...[spammer.genesis, delegateOf(spammer), ...spam],
    ])
    await server.node.relations.change(spammer.genesis.publisher, { do: 'block' })
    for (const k of [1, 10]) {
      const hits = await searchPublic(server.node, { ...request, query: 'left pad', k })
      expect(hits.map(({ purl }) => purl)).toEqual(['pkg:npm/padder@1.0.0'])
    }
  })

  it('gets each package once, others in place of those without a proof, and no more are proven than are sent', async () => {
    const [gone, full] = [publisherOf(20), publisherOf(30)]
    const named = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `left-pad-${prefix}${i}` }))
    // Of equals the hundred that came first are the best: those whose names come first are not among them.
    await using server = await nodeWith([
      ...[acme.genesis, delegateOf(acme), release],
      ...[gone.genesis, delegateOf(gone, { body: { expires: 1 } }), releasing(gone, named('x', 3)).at(-1)!],
      ...releasing(full, [...named('m', 100), ...named('a', 4)]),
    ])
    const { records } = server.node.library
    const recordNow = records.recordNow.bind(records)
    const read = vi.spyOn(records, 'recordNow').mockImplementation(id => (id === release.id ? null : recordNow(id)))
    const k = 8
    const purls = searchPublic(server.node, { ...request, k }).map(({ purl }) => purl)
    expect(purls).toHaveLength(k)
    expect(new Set(purls).size).toBe(k)
    expect(purls).not.toContain(PURL)
    expect(read.mock.calls.length).toBeLessThan(4 * k)
  })

  it('is not told by their order or choice what is needed by private packages or installed here', async () => {
    const names = ['left-arm', 'left-hand', 'left-pad']
    const [about, inner] = [new PublisherFeed(20), new PublisherFeed(30, 'private')]
    const open = names.map(name => about.release(`pkg:npm/${name}@1.0.0`, { description: 'on the left' }))
    const secret = [1, 2, 3].map(i => inner.release(`pkg:npm/inner-${i}@1.0.0`, needing('left-pad')))
    await using plain = await nodeWith([...about.first, ...open])
    await using used = await nodeWith([...about.first, ...open, ...inner.first, ...secret])
    const told = async (node: NodeContext, query: string, k: number) =>
      (await searchPublic(node, { ...request, query, k })).map(({ purl }) => purl)
    const here = await search(used.node, { text: 'on the left', limit: 1, local: true })
    expect(here.hits).toMatchObject([{ purl: 'pkg:npm/left-pad' }])
    for (const query of ['left', 'on the left', 'le', 'lefft', 'left-pad'])
      for (const k of [1, 2, 3]) expect(await told(used.node, query, k)).toEqual(await told(plain.node, query, k))
    expect(await told(used.node, 'left-pad', 1)).toEqual([PURL])
  })

  it('gets the newest release that has not expired', async () => {
    await using server = await nodeWith(withExpiredNewest)
    const hits = await searchPublic(server.node, request)
    expect(hits).toEqual([hitOf(PURL, [acme.genesis, withExpiredNewest[1]!, release])])
  })

  it('sees only what is signed: other words around a hit change nothing of what is shown', async () => {
    const hit = hitOf(PURL, [acme.genesis, delegateOf(acme), release])
    const dressed = { ...hit, score: 1_000_000, description: 'official', version: '9.9.9', name: 'lodash' }
    const shown = async (sent: SearchHit) => {
      await using client = await nodeWith([], sending(sent))
      return (await search(client.node, ask)).hits
    }
    expect(parseSearchHits(encodeSearchHits({ hits: [dressed] })).hits).toEqual([{ ...hit, score: 1_000_000 }])
    expect(await shown(dressed)).toEqual(await shown(hit))
  })

  it('is not told whether a word stands in a private package', async () => {
    const [about, inner] = [new PublisherFeed(20), new PublisherFeed(30, 'private')]
    const open = [...about.first, about.release('pkg:npm/toolbox@1.0.0', { description: 'a fjordix helper' })]
    const secret = [...inner.first, inner.release('pkg:npm/inner@1.0.0', { description: 'fjordax of acme' })]
    await using plain = await nodeWith(open)
    await using both = await nodeWith([...open, ...secret])
    for (const query of ['fjordax', 'zzzz fjordax', 'fjordax zzzz', 'fjordxa', 'fjorda'])
      expect(await searchPublic(both.node, { ...request, query })).toEqual(
        await searchPublic(plain.node, { ...request, query }),
      )
  })
})

describe('a search here', () => {
  it('leaves out what has expired, and shows an older release that has not', async () => {
    const local = { ...ask, local: true }
    await using gone = await nodeWith([acme.genesis, delegateOf(acme, { body: { expires: Date.now() - 1 } }), release])
    expect((await search(gone.node, local)).hits).toEqual([])
    await using older = await nodeWith(withExpiredNewest)
    expect((await search(older.node, local)).hits).toMatchObject([
      { version: '1.0.0', description: 'pads on the left' },
    ])
  })

  it('finds the one good package however many of a blocked publisher, or expired ones of another, match better', async () => {
    const [blocked, gone] = [publisherOf(20), publisherOf(30)]
    await using here = await nodeWith([
      ...[acme.genesis, delegateOf(acme), padder],
      ...[blocked.genesis, delegateOf(blocked), ...manyOf(blocked, 120)],
      ...[gone.genesis, delegateOf(gone, { body: { expires: 1 } }), ...manyOf(gone, 120)],
    ])
    await here.node.relations.change(blocked.genesis.publisher, { do: 'block' })
    const { hits } = await search(here.node, { text: 'left pad', limit: 1, local: true })
    expect(hits).toMatchObject([{ publisher, purl: 'pkg:npm/padder' }])
  })
})

describe('a federated hit that verifies', () => {
  const good = hitOf(PURL, [acme.genesis, delegateOf(acme), release])

  it('is not shown when its delegate has expired, and its sender is not blamed', async () => {
    const expired = delegateOf(acme, { body: { expires: 1 } })
    await using client = await nodeWith([], sending(hitOf(PURL, [acme.genesis, expired, release])))
    expect((await search(client.node, ask)).hits).toEqual([])
    expect(client.offences).toEqual([])
  })

  it('is not shown when records held here void its feed below it', async () => {
    const delegate = delegateOf(acme)
    await using client = await nodeWith([acme.genesis, delegate, voidOf(delegate, 1, null)], sending(good))
    expect((await search(client.node, ask)).hits).toEqual([])
    await using trusting = await nodeWith([acme.genesis, delegate], sending(good))
    expect((await search(trusting.node, ask)).hits).toHaveLength(1)
  })

  it('is not shown when the root feed held here took its delegate’s key away', async () => {
    const rotated = [acme.genesis, rotateOf(acme, testKey(50))]
    await using client = await nodeWith(rotated, sending(good))
    expect((await search(client.node, ask)).hits).toEqual([])
    await using behind = await nodeWith([acme.genesis], sending(good))
    expect((await search(behind.node, ask)).hits).toHaveLength(1)
  })

  it('is not shown when its publisher is blocked', async () => {
    await using client = await nodeWith([], sending(good))
    await client.node.relations.change(publisher, { do: 'block' })
    expect((await search(client.node, ask)).hits).toEqual([])
    await expect(info(client.node, 'npm:left-pad')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  })
})

describe('info', () => {
  const held = [acme.genesis, delegateOf(acme), release]

  it('shows a publisher known from federated search alone with the versions its hits said, as not held', async () => {
    await using server = await nodeWith(held)
    await using client = await nodeWith([], answering(server.node))
    expect(await info(client.node, 'npm:left-pad')).toMatchObject({
      publishers: [
        { id: publisher, relation: 'none', held: false, versions: [{ version: '1.0.0', state: 'unconfirmed' }] },
      ],
      holders: [],
    })
  })

  it('shows who is held and who was seen, each once', async () => {
    const rival = publisherOf(20)
    const other = hitOf(PURL, [rival.genesis, delegateOf(rival), releaseOf(rival, PURL)])
    await using client = await nodeWith(held, sending(other, hitOf(PURL, held)))
    await search(client.node, ask)
    expect(await info(client.node, 'npm:left-pad')).toMatchObject({
      publishers: [
        { id: publisher, held: true, versions: [{ version: '1.0.0', state: 'live', artifacts: [{ name: 'x.tgz' }] }] },
        { id: rival.genesis.publisher, held: false },
      ],
    })
  })

  it('leaves a blocked publisher out, and says so when nobody else has the package', async () => {
    await using here = await nodeWith(held)
    await here.node.relations.change(publisher, { do: 'block' })
    await expect(info(here.node, 'npm:left-pad')).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      message: `npm:left-pad is published by nobody known here but blocked publishers: ${publisher}`,
      hint: `hanse follow ${publisher}`,
    })
    await expect(info(here.node, 'npm:right-pad')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  })
})

describe('what was seen', () => {
  it('is bounded in packages, publishers and versions', () => {
    const seen = new SeenHits()
    const hit = (name: string, id: number, version: string) =>
      ({ package: `pkg:npm/${name}`, publisher: `p${id}`, version }) as unknown as Parameters<SeenHits['add']>[0]
    for (let i = 0; i < 20; i++) seen.add(hit('many-versions', 0, `${i}`))
    for (let i = 0; i < 20; i++) seen.add(hit('many-publishers', i, '1'))
    expect(seen.versionsOf(hit('many-versions', 0, '').package, hit('', 0, '').publisher)).toHaveLength(8)
    expect(seen.publishersOf(hit('many-publishers', 0, '').package)).toHaveLength(8)
    for (let i = 0; i < 1_000; i++) seen.add(hit(`n${i}`, 0, '1'))
    expect(seen.publishersOf(hit('many-publishers', 0, '').package)).toEqual([])
  })
})
