import { describe, expect, test } from 'vitest'
import type { FeedStore } from '../../../src/federation/sync/feed-store.ts'
import { MAX_RIVAL_BRANCHES } from '../../../src/federation/sync/limits.ts'
import { ROOT_FEED, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { forgePublisher } from './forge.ts'

const all = { from: 1, limit: 1000, maxBytes: 1 << 20 }
const ids = (records: readonly { id: string }[]) => records.map(record => record.id)
const texts = (envelopes: readonly Uint8Array[]) => envelopes.map(bytes => Buffer.from(bytes).toString('hex'))
const envelopesOf = (records: readonly WellFormedRecord[]) => texts(records.map(record => record.envelope))

/** The laws of `FeedStore`; `open` gives an empty one, `reopen` (if it survives a restart) the same one opened again. */
export function describeFeedStore(
  name: string,
  open: () => Promise<FeedStore & Partial<AsyncDisposable>>,
  reopen?: (store: FeedStore & Partial<AsyncDisposable>) => Promise<FeedStore & Partial<AsyncDisposable>>,
): void {
  describe(`the feed store ${name}`, () => {
    const p = forgePublisher('acme')
    const chain = p.chain(5)
    const rival = p.chain(2, chain[1], 'rival')
    const closing = async (store: Partial<AsyncDisposable>) => store[Symbol.asyncDispose]?.()

    const law = (title: string, check: (store: FeedStore & Partial<AsyncDisposable>) => Promise<void>) =>
      test(title, async () => {
        const store = await open()
        try {
          await check(store)
        } finally {
          await closing(store)
        }
      })

    law('answers nothing about what it does not hold', async store => {
      expect(await store.head(p.publisher, p.feed)).toBeNull()
      expect(await store.heads(p.publisher)).toEqual([])
      expect(await store.envelope(p.genesis.id)).toBeNull()
      expect(store.mayHold(p.genesis.id)).toBe(false)
      expect(await store.range(p.publisher, p.feed, all)).toEqual([])
    })

    law('takes a whole chain in one batch and gives the exact bytes back', async store => {
      const appended = await store.append([p.genesis, ...chain])
      expect(ids(appended.stored)).toEqual(ids([p.genesis, ...chain]))
      expect(await store.head(p.publisher, p.feed)).toEqual({
        publisher: p.publisher,
        feed: p.feed,
        seq: 5,
        id: chain[4]!.id,
      })
      expect(texts(await store.range(p.publisher, p.feed, all))).toEqual(envelopesOf(chain))
      expect(texts([(await store.envelope(chain[2]!.id))!])).toEqual(envelopesOf([chain[2]!]))
      expect(chain.map(({ id }) => store.mayHold(id))).toEqual(chain.map(() => true))
    })

    law('refuses a gap and stores the rest of the batch', async store => {
      const appended = await store.append([p.genesis, chain[0]!, chain[2]!])
      expect(appended.refused).toMatchObject([{ record: { id: chain[2]!.id }, why: 'gap' }])
      expect((await store.head(p.publisher, p.feed))?.seq).toBe(1)
    })

    law('counts what it holds as known, also twice in one batch', async store => {
      await store.append(chain.slice(0, 2))
      expect(await store.append([chain[1]!, chain[2]!, chain[2]!])).toMatchObject({ known: 2, refused: [] })
      expect((await store.heads(p.publisher)).length).toBe(1)
    })

    law('keeps both sides of a fork and leaves the main branch as it is', async store => {
      await store.append(chain)
      expect(ids((await store.append(rival)).stored)).toEqual(ids(rival))
      expect(ids(await store.heads(p.publisher))).toEqual(ids([chain[4]!, rival[1]!]))
      const longer = p.chain(4, rival[1], 'longer')
      await store.append(longer)
      expect((await store.head(p.publisher, p.feed))?.id).toBe(chain[4]!.id)
      expect(ids(await store.heads(p.publisher))).toEqual(ids([chain[4]!, longer[3]!]))
    })

    law('keeps both sides of a fork that leaves the tip, when both come in one batch', async store => {
      await store.append(chain.slice(0, 2))
      const appended = await store.append([chain[2]!, rival[0]!, chain[3]!, rival[1]!])
      expect(appended).toMatchObject({ stored: { length: 4 }, refused: [] })
      expect(ids(await store.heads(p.publisher))).toEqual(ids([chain[3]!, rival[1]!]))
    })

    law('walks a rival branch back into the main one', async store => {
      await store.append([...chain, ...rival])
      const range = await store.range(p.publisher, p.feed, { ...all, to: rival[1]!.id })
      expect(texts(range)).toEqual(envelopesOf([chain[0]!, chain[1]!, ...rival]))
      const tail = await store.range(p.publisher, p.feed, { ...all, from: 4, to: rival[1]!.id })
      expect(texts(tail)).toEqual(envelopesOf([rival[1]!]))
      expect(texts(await store.range(p.publisher, p.feed, { ...all, to: chain[2]!.id }))).toEqual(
        envelopesOf(chain.slice(0, 3)),
      )
    })

    law('keeps a fork at the first record', async store => {
      const other = p.chain(2, null, 'other')
      await store.append([...chain, ...other])
      expect(texts(await store.range(p.publisher, p.feed, { ...all, to: other[1]!.id }))).toEqual(envelopesOf(other))
    })

    law('bounds rival tips, unless the root pinned the branch', async store => {
      await store.append(chain)
      for (let i = 0; i < MAX_RIVAL_BRANCHES; i++)
        expect((await store.append(p.chain(1, chain[0], `r${i}`))).stored.length).toBe(1)
      const more = p.chain(2, chain[0], 'one more')
      expect((await store.append(more)).refused.map(({ why }) => why)).toEqual(['rivals', 'gap'])
      expect((await store.append(more, { pinned: true })).stored.length).toBe(2)
      expect((await store.heads(p.publisher)).length).toBe(MAX_RIVAL_BRANCHES + 2)
    })

    law('cuts a range by count and by bytes, never below one record', async store => {
      await store.append(chain)
      expect((await store.range(p.publisher, p.feed, { ...all, limit: 2 })).length).toBe(2)
      expect((await store.range(p.publisher, p.feed, { ...all, maxBytes: 1 })).length).toBe(1)
      const two = chain[1]!.envelope.length + chain[2]!.envelope.length
      expect(texts(await store.range(p.publisher, p.feed, { from: 2, limit: 9, maxBytes: two }))).toEqual(
        envelopesOf(chain.slice(1, 3)),
      )
      expect(await store.range(p.publisher, p.feed, { ...all, from: 6 })).toEqual([])
    })

    law('ends a range with the record by which it has enough bytes', async store => {
      await store.append(chain)
      const two = chain[0]!.envelope.length + chain[1]!.envelope.length
      const enough = async (enoughBytes: number) =>
        (await store.range(p.publisher, p.feed, { ...all, enoughBytes })).length
      expect([await enough(1), await enough(two), await enough(two + 1)]).toEqual([1, 2, 3])
    })

    law('names the root feed first and keeps publishers apart', async store => {
      const other = forgePublisher('other')
      await store.append([other.genesis, ...other.chain(1), ...chain, p.genesis])
      expect((await store.heads(p.publisher)).map(head => head.feed)).toEqual([ROOT_FEED, p.feed])
      expect(await store.range(other.publisher, other.feed, { ...all, to: chain[0]!.id })).toEqual([])
    })

    if (reopen)
      test('holds after a restart what it had acknowledged', async () => {
        const store = await open()
        await store.append([p.genesis, ...chain, ...rival])
        const before = await store.heads(p.publisher)
        const again = await reopen(store)
        try {
          expect(await again.heads(p.publisher)).toEqual(before)
          expect((await again.append([...chain, ...rival])).known).toBe(7)
        } finally {
          await closing(again)
        }
      })
  })
}
