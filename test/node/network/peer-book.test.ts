import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { PeerBook } from '../../../src/node/network/peer-book.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const addressOf = (name: string, port = 1) => ({ peer: name as PeerId, addresses: [`/ip4/192.0.2.1/tcp/${port}`] })
const namesIn = (book: PeerBook, pinned = false) => book.all(pinned).map(({ peer }) => peer)

async function bookIn(folder: string): Promise<PeerBook> {
  return await PeerBook.open(join(folder, 'peers.json'), message => {
    throw new Error(message)
  })
}

it('remembers, across restarts, who was dialled, who was pinned and who came here', async () => {
  const folder = await temporaryFolder()
  const book = await bookIn(folder)
  book.connected(addressOf('dialled'))
  await book.pin(addressOf('pinned'))
  book.told(addressOf('came'))
  await book.settled()
  const again = await bookIn(folder)
  expect([namesIn(again), namesIn(again, true)]).toEqual([['dialled', 'came'], ['pinned']])
})

it('lets no crowd that came here displace a peer that was dialled', async () => {
  const book = await bookIn(await temporaryFolder())
  book.connected(addressOf('dialled'))
  for (let i = 0; i < 100; i++) book.told(addressOf(`crowd ${i}`))
  expect(namesIn(book)).toHaveLength(17)
  expect(namesIn(book)).toContain('dialled')
  for (let i = 0; i < 100; i++) book.connected(addressOf(`met ${i}`))
  expect(namesIn(book)).toHaveLength(64 + 16)
  await book.settled()
})

it('believes its own dial before what a peer says of itself', async () => {
  const book = await bookIn(await temporaryFolder())
  book.told(addressOf('p', 1))
  book.connected(addressOf('p', 2))
  book.told(addressOf('p', 3))
  expect(book.all(false)).toEqual([{ peer: 'p', addresses: ['/ip4/192.0.2.1/tcp/2', '/ip4/192.0.2.1/tcp/1'] }])
  await book.settled()
})

it('writes what changes in a crowd with the write that comes next', async () => {
  const folder = await temporaryFolder()
  const book = await bookIn(folder)
  const first = Array.from({ length: 100 }, (_, i) => book.pin(addressOf(`a ${i}`)))
  await setImmediate() // the first write has begun
  const then = Array.from({ length: 100 }, (_, i) => book.pin(addressOf(`b ${i}`)))
  expect(new Set([...first, ...then]).size).toBe(2)
  await then[0]
  expect(namesIn(await bookIn(folder), true)).toHaveLength(200)
})
