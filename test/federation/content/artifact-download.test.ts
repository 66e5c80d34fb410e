import { expect, test } from 'vitest'
import { AnswerReader, ArtifactDownload } from '../../../src/federation/content/artifact-download.ts'
import { hashHere } from '../../../src/federation/content/artifact-hash.ts'
import { layoutOf } from '../../../src/federation/index.ts'
import { packageOf, Store } from './shelf.ts'

const MIB = 1 << 20

test('leaves of a second answer wait for the root that the first one brought, as long as it is being written', async () => {
  const bytes = packageOf(2 * MIB)
  const layout = await layoutOf([bytes])
  const writer = await new Store().begin(layout)
  const rootMayBeWritten = Promise.withResolvers<void>()
  const written: string[] = []
  const slow = {
    ...writer,
    writeRoot: async () => {
      await rootMayBeWritten.promise
      written.push('root')
    },
    writeLeaf: async (index: number, leaf: Uint8Array) => {
      written.push(`leaf ${index}`)
      await writer.writeLeaf(index, leaf)
    },
  }
  const download = new ArtifactDownload(layout, slow, hashHere())
  const answer = async () => {
    const reader = new AnswerReader(download, { from: 0, count: 2 })
    for (const message of [layout.rootBlock!, bytes.subarray(0, MIB), bytes.subarray(MIB)])
      expect(await reader.takeIn(message)).toBeNull()
    return await reader.end()
  }
  const first = answer()
  const second = answer()
  setImmediate(() => rootMayBeWritten.resolve())
  expect(await Promise.all([first, second])).toEqual([null, null])
  expect(written[0]).toBe('root')
  expect(new Set(written)).toEqual(new Set(['root', 'leaf 0', 'leaf 1']))
  expect(await download.finish()).toBeNull()
})
