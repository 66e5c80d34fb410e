import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashHere } from '../../../src/federation/index.ts'
import { HashThread } from '../../../src/node/hashing/index.ts'

const MIB = 1 << 20
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const leafOf = (number: number, size = 1000) => Buffer.alloc(size, number + 1)

test.each(['the thread', 'this thread'])(
  'hashes by %s: leaves, and the whole of those that were right',
  async where => {
    await using thread = new HashThread()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.integer({ min: 0, max: 3000 }), isRight: fc.boolean(), inWhole: fc.boolean() })),
        async leaves => {
          const hash = where === 'the thread' ? thread.open() : hashHere()
          const whole = createHash('sha256')
          for (const [at, { size, isRight, inWhole }] of leaves.entries()) {
            const bytes = leafOf(at, size)
            const digest = isRight ? sha256(bytes) : sha256(Buffer.from('another'))
            expect(await hash.check(bytes, digest, inWhole)).toBe(isRight)
            if (isRight && inWhole) whole.update(bytes)
          }
          const last = leafOf(leaves.length)
          await hash.add(last)
          expect(await hash.end()).toBe(whole.update(last).digest('hex'))
          hash.close()
        },
      ),
      { numRuns: 20 },
    )
  },
)

test('artifacts side by side do not mix, and more than there are places for wait their turn', async () => {
  await using thread = new HashThread()
  const wholes = await Promise.all(
    [1, 2, 3].map(async artifact => {
      const hash = thread.open()
      const leaves = [0, 1, 2, 3].map(at => leafOf(artifact * 10 + at, MIB))
      const checks = await Promise.all(leaves.map(leaf => hash.check(leaf, sha256(leaf), true)))
      expect(checks).toEqual([true, true, true, true])
      return { found: await hash.end(), right: sha256(Buffer.concat(leaves)).toString('hex') }
    }),
  )
  for (const { found, right } of wholes) expect(found).toBe(right)
})

test('a thread that ended fails what was asked of it and never tells a whole that lacks bytes; the next artifact gets another', async () => {
  await using thread = new HashThread()
  const hash = thread.open()
  await hash.add(leafOf(1))
  await expect(hash.add(new Uint8Array(MIB + 1))).rejects.toThrow(RangeError)
  const big = leafOf(2, MIB)
  await thread.endThread()
  await expect(hash.check(big, sha256(big), true)).rejects.toMatchObject({ code: 'E_HASHING_FAILED' })
  await expect(hash.end()).rejects.toMatchObject({ code: 'E_HASHING_FAILED' })
  hash.close()
  const next = thread.open()
  expect(await next.check(big, sha256(big), true)).toBe(true)
  expect(await next.end()).toBe(sha256(big).toString('hex'))
})

test('of an artifact that nobody asks for any more nothing is begun again, not even what waits for a place', async () => {
  await using thread = new HashThread()
  const [closed, other] = [thread.open(), thread.open()]
  const late = [0, 1, 2, 3, 4].map(() => closed.add(leafOf(1)))
  closed.close()
  const begun = await Promise.allSettled([...late, closed.end()])
  expect(begun.map(({ status }) => status)).toEqual([...Array(4).fill('fulfilled'), 'rejected', 'rejected'])
  await expect(closed.add(leafOf(1))).rejects.toMatchObject({ code: 'E_CLOSED' })
  await other.add(leafOf(2))
  expect(await other.end()).toBe(sha256(leafOf(2)).toString('hex'))
})

test('after its end nothing is hashed any more', async () => {
  const thread = new HashThread()
  const hash = thread.open()
  await thread[Symbol.asyncDispose]()
  await expect(hash.end()).rejects.toMatchObject({ code: 'E_HASHING_FAILED' })
  expect(() => thread.open()).toThrow('ended')
})
