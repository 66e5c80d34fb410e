import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cacheKeysIn, countPackuments, lastWrittenAt, removeBodies } from '../../../src/node/cache/index.ts'
import { BodyFiles } from '../../../src/node/registries/npm/body-files.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

it('ready bodies go with their source, and those of others stay', async () => {
  const folder = await temporaryFolder()
  const files = new BodyFiles(folder, '1')
  const body = { bytes: Buffer.from('x'), etag: '"x"', picks: [] }
  const idOf = (name: string, source: string) => JSON.stringify([name, source, 'full', 'gzip', 'http://a/npm'])
  for (const source of ['upstream/gone', 'upstream/here', 'bafyrei']) {
    await files.write(idOf('x "quoted"', source), { stamp: 's', until: null, body })
  }
  await writeFile(join(folder, 'broken'), 'no header')
  expect(
    await removeBodies(folder, ({ name, sourceKey }) => name === 'x "quoted"' && sourceKey === 'upstream/gone'),
  ).toBe(1)
  expect(await files.read(idOf('x "quoted"', 'upstream/gone'))).toBeNull()
  expect(await files.read(idOf('x "quoted"', 'upstream/here'))).not.toBeNull()
  expect(await readdir(folder)).toHaveLength(3)
  expect(await removeBodies(join(folder, 'absent'), () => true)).toBe(0)
})

it('a cache is known by its folder, what lies in it, and when it last took something in', async () => {
  const folder = await temporaryFolder()
  const shelf = join(folder, 'npmjs.0123', 'packuments', 'ab')
  await mkdir(shelf, { recursive: true })
  await writeFile(join(shelf, 'ab'.repeat(32)), 'document')
  await writeFile(join(shelf, `${'ab'.repeat(32)}.partial`), 'half of one')
  await utimes(shelf, 1_000, 1_000)
  expect(await cacheKeysIn(folder)).toEqual(['npmjs.0123'])
  expect(await countPackuments(folder, 'npmjs.0123')).toEqual({ packuments: 1, packumentBytes: 8 })
  expect(await lastWrittenAt(folder, 'npmjs.0123')).toBe(1_000_000)
  expect(await lastWrittenAt(folder, 'absent')).toBe(0)
  expect(await cacheKeysIn(join(folder, 'absent'))).toEqual([])
})
