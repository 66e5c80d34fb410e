import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Anchors } from '../../../src/node/network/anchors.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const anchor = (peer: string) => ({ peer: peer as PeerId, addresses: [`/dns4/${peer}.example/tcp/1`] })

test('anchors outlast a restart, also one after which nobody could be reached; one that was removed does not', async () => {
  const path = join(await temporaryFolder(), 'anchors.json')
  const before = await Anchors.open(path)
  before.keep([anchor('one'), anchor('other')])
  before.keep([])
  await before.settled()
  const after = await Anchors.open(path)
  expect(after.all()).toEqual([anchor('one'), anchor('other')])
  after.forget('one' as PeerId)
  await after.settled()
  expect((await Anchors.open(path)).all()).toEqual([anchor('other')])
})

test('anchors that cannot be read are as good as none, and are written anew', async () => {
  const path = join(await temporaryFolder(), 'anchors.json')
  await writeFile(path, '{"version":1,"peers":[{')
  const anchors = await Anchors.open(path)
  expect(anchors.all()).toEqual([])
  anchors.keep([anchor('one')])
  await anchors.settled()
  expect((await Anchors.open(path)).all()).toEqual([anchor('one')])
})
