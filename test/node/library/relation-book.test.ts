import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { Publisher } from '../../federation/simulation/cast.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const acme = new Publisher('acme').id

test('the number of copies is kept, and written only where one is wanted', async () => {
  const path = join(await temporaryFolder(), 'relations.json')
  const book = await RelationBook.open(path)
  const relation = await book.change(acme, { do: 'mirror' })
  expect(await readFile(path, 'utf8')).not.toContain('copies')
  await book.change(acme, { do: 'mirror', copies: 3 })
  expect((await RelationBook.open(path)).relationOf(acme)).toEqual({ ...relation, copies: 3 })
  await book.change(acme, { do: 'mirror', copies: 'all' })
  expect(await readFile(path, 'utf8')).not.toContain('copies')
})

test('the file of the version before is read: everything is kept', async () => {
  const path = join(await temporaryFolder(), 'relations.json')
  const relation = { follow: true, allow: 'none', origin: false, mirror: true, block: false }
  await writeFile(path, JSON.stringify({ version: 1, relations: { [acme]: relation }, names: {}, pins: {} }))
  expect((await RelationBook.open(path)).relationOf(acme)).toEqual(relation)
})

test('a peer id in the place of a publisher is called one', async () => {
  const book = await RelationBook.open(join(await temporaryFolder(), 'relations.json'))
  const peer = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
  expect(() => book.resolve(peer)).toThrow(`${peer} is a peer id, which names a node and no publisher`)
})
