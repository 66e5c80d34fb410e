import { expect, test } from 'vitest'
import { MAX_RECORDS } from '../../../src/federation/discovery/limits.ts'
import { RecordBook } from '../../../src/federation/discovery/record-book.ts'
import type { NodeRecord, PeerId } from '../../../src/protocol/index.ts'

const NOW = 1_750_000_000_000

/** A book with the record of one node each, met as it says. */
function bookOf(nodes: Readonly<Record<string, 'dialled' | 'came'>>): RecordBook {
  const book = new RecordBook()
  for (const [name, how] of Object.entries(nodes)) {
    const from = name as PeerId
    const record = { peer: from, at: NOW, addresses: ['/ip4/192.0.2.1/tcp/1'], mirrors: [] } as unknown as NodeRecord
    book.met(from, how, () => true)
    book.add({ record, envelope: Buffer.from(name), reach: 'world', from }, NOW)
  }
  return book
}

const toldOf = (book: RecordBook) =>
  book
    .tell({ count: 64, reach: 'world', to: 'asker' as PeerId, luck: () => 0 })
    .map(envelope => `${Buffer.from(envelope)}`)

test('strangers who come once, in any number, push out nobody who is connected or was dialled', () => {
  const book = bookOf({ dialled: 'dialled', 'dialled and gone': 'dialled', came: 'came', 'came and gone': 'came' })
  const stays = new Set<string>(['dialled', 'came'])
  for (let n = 0; n < 3 * MAX_RECORDS; n++) {
    const stranger = `stranger ${n}` as PeerId
    book.met(stranger, 'came', each => each === stranger || stays.has(each))
  }
  expect(toldOf(book)).toEqual(['dialled', 'dialled and gone', 'came'])
})

test('who was dialled gives way to later dials, and never while it is connected', () => {
  const book = bookOf({ dialled: 'dialled', 'dialled and gone': 'dialled' })
  for (let n = 0; n < MAX_RECORDS; n++) book.met(`other ${n}` as PeerId, 'dialled', each => each === 'dialled')
  expect(toldOf(book)).toEqual(['dialled'])
})

test('the newest record of each node is shown, whatever addresses it has', () => {
  const book = bookOf({ a: 'dialled', b: 'came' })
  const record = { peer: 'a', at: NOW + 1, addresses: [], mirrors: [] } as unknown as NodeRecord
  book.add({ record, envelope: Buffer.from('later'), reach: 'site', from: 'b' as PeerId }, NOW)
  expect([...book.newest()].map(([peer, { at }]) => [peer, at])).toEqual([
    ['a', NOW + 1],
    ['b', NOW],
  ])
})
