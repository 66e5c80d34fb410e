import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TarballSpool } from '../../../src/node/upstream/npm/tarball-spool.ts'
import { bytesOf, scopedFolder } from '../storage/temporary-home.ts'

test('every reader, whenever it comes, reads every byte; none reads the last chunk before the end', async () => {
  await using folder = await scopedFolder()
  const sizes = fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }), async (lengths, arrivals) => {
      const spool = new TarballSpool(folder.path)
      const chunks = lengths.map((length, i) => bytesOf(length, `${i}`))
      const whole = Buffer.concat(chunks)
      const lastLength = lengths.findLast(length => length > 0) ?? 0
      let ended = false
      const readers: Promise<Buffer>[] = []
      const join = async () => {
        const read: Uint8Array[] = []
        let count = 0
        for await (const bytes of spool.reader()!) {
          read.push(bytes)
          count += bytes.length
          if (!ended) expect(count).toBeLessThanOrEqual(whole.length - lastLength)
        }
        return Buffer.concat(read)
      }
      for (const [i, chunk] of chunks.entries()) {
        for (const at of arrivals) if (Math.min(at, chunks.length - 1) === i) readers.push(join())
        await spool.push(chunk)
      }
      ended = true
      spool.finish()
      await spool[Symbol.asyncDispose]()
      for (const read of await Promise.all(readers)) expect(Buffer.compare(read, whole)).toBe(0)
      expect(spool.reader()).toBeNull()
    }),
    { numRuns: 40 },
  )
})

test('a reader that leaves lets the others read on; the file goes with the last', async () => {
  await using folder = await scopedFolder()
  const spool = new TarballSpool(folder.path)
  const [first, second] = [spool.reader()!, spool.reader()!]
  await spool.push(bytesOf(900_000))
  await spool.push(bytesOf(10))
  await first.next()
  await first.return()
  await first.return()
  spool.finish()
  await spool[Symbol.asyncDispose]()
  let read = 0
  for await (const bytes of second) read += bytes.length
  expect(read).toBe(900_010)
  expect(spool.reader()).toBeNull()
  expect(await first.next()).toEqual({ done: true, value: undefined })
})
