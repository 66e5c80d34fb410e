import { describe, expect, it } from 'vitest'
import { createSigningKey } from '../../../src/node/identity/ed25519-key.ts'
import { createIdentity } from '../../../src/node/identity/identity-file.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { Writer } from '../../../src/node/library/writer.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import {
  buildRootRecord,
  ED25519,
  ed25519KeyList,
  feedIdOf,
  headOf,
  type Op,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const identity = createIdentity(1_700_000_000_000)
const profile = (name: string): readonly Op[] => [{ op: 'profile', name, nodes: [] }]

/** A node of this identity with a database of its own: the same publisher, as a copied home is. */
async function copyOfHome(adoptOwnHeads: () => Promise<undefined> = async () => undefined) {
  const folder = await temporaryFolder()
  const database = await openLevelDatabase(folder)
  const index = await openSearchIndex(database.table('index'))
  const library = await Library.open({ net: 'main', database, records: new RecordStore(database), index })
  const announced: WellFormedRecord[] = []
  const announce = (record: WellFormedRecord) => announced.push(record)
  const writer = new Writer({ net: 'main', identity, library, adoptOwnHeads, announce })
  await writer.begin()
  const tips = async () => {
    const heads = await library.store.heads(writer.publisher)
    return heads.filter(({ feed }) => feed === writer.feeds.public).map(({ seq }) => seq)
  }
  /** What the intake does with a peer's records of an own feed. */
  const take = async (...records: readonly WellFormedRecord[]) => {
    const { stored } = await library.store.append(records)
    await writer.cameFromPeer(headOf(records.at(-1)!))
    await library.absorb(stored)
  }
  const dispose = async () => {
    await index[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  }
  return { writer, library, announced, take, tips, [Symbol.asyncDispose]: dispose }
}

describe('the writer of own feeds', () => {
  it('goes on behind a longer own chain that a peer brought before its first write', async () => {
    await using ahead = await copyOfHome()
    await using rolledBack = await copyOfHome()
    const first = await ahead.writer.write('public', profile('one'))
    const second = await ahead.writer.write('public', profile('two'))
    await rolledBack.take(first, second)
    const third = await rolledBack.writer.write('public', profile('three'))
    expect(third).toMatchObject({ seq: 3, prev: second.id })
    expect(await rolledBack.tips()).toEqual([3])
    expect(rolledBack.writer.problems()).toEqual([])
  })

  it('opens no branch, at whatever moment of its first write the longer chain comes', async () => {
    await using ahead = await copyOfHome()
    const first = await ahead.writer.write('public', profile('one'))
    for (let ticks = 0; ticks < 40; ticks++) {
      await using rolledBack = await copyOfHome()
      const writing = rolledBack.writer.write('public', profile('mine'))
      for (let i = 0; i < ticks; i++) await Promise.resolve()
      const taking = rolledBack.take(first)
      const written = await writing
      await taking
      const [tips, problems] = [await rolledBack.tips(), rolledBack.writer.problems()]
      // Behind the chain; or, written before it came, seen to be a branch.
      if (written.seq === 2) expect([tips, problems]).toEqual([[2], []])
      else expect([tips, problems.length]).toEqual([[1, 1], 1])
    }
  })

  it('goes on when it hears of a record only after it wrote behind it', async () => {
    await using ahead = await copyOfHome()
    await using rolledBack = await copyOfHome()
    const first = await ahead.writer.write('public', profile('one'))
    await rolledBack.library.store.append([first])
    const second = await rolledBack.writer.write('public', profile('two'))
    await rolledBack.writer.cameFromPeer(headOf(first))
    expect([second.seq, rolledBack.writer.problems()]).toEqual([2, []])
  })

  it('stops when a peer brings a record behind one that it wrote itself', async () => {
    await using node = await copyOfHome()
    await using clone = await copyOfHome()
    const first = await node.writer.write('public', profile('one'))
    await clone.take(first)
    const second = await clone.writer.write('public', profile('two'))
    await node.take(second)
    await expect(node.writer.write('public', profile('three'))).rejects.toMatchObject({ code: 'E_FEED_CLONED' })
    expect(node.writer.problems()).toHaveLength(1)
    expect(await node.tips()).toEqual([2])
  })

  it('goes on when another node of the publisher adds to the root feed', async () => {
    await using node = await copyOfHome()
    await node.writer.write('public', profile('one'))
    const last = (await node.library.store.head(node.writer.publisher, ROOT_FEED))!
    const { publicKey } = createSigningKey()
    const feed = feedIdOf([ED25519, publicKey])
    const body = {
      typ: 'delegate',
      feed,
      key: [ED25519, publicKey],
      role: 'writer',
      scope: [],
      visibility: 'public',
    } as const
    const by = ed25519KeyList(identity.root.publicKey)
    const place = { net: 'main', publisher: node.writer.publisher, seq: last.seq + 1, prev: last.id, ts: 1, by, body }
    await node.take(buildRootRecord(place, identity.root.sign))
    expect(await node.writer.write('public', profile('two'))).toMatchObject({ seq: 2 })
    expect(node.writer.problems()).toEqual([])
  })

  it('stops when a peer brings another branch, although this process wrote nothing', async () => {
    await using node = await copyOfHome()
    await using clone = await copyOfHome()
    const [ours, theirs] = [
      await node.writer.write('public', profile('one')),
      await clone.writer.write('public', profile('two')),
    ]
    await using restarted = await copyOfHome()
    await restarted.take(ours)
    await restarted.take(theirs)
    await expect(restarted.writer.write('public', profile('three'))).rejects.toMatchObject({ code: 'E_FEED_CLONED' })
    expect(await restarted.tips()).toEqual([1, 1])
  })
})
