import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashHere } from '../../../src/federation/content/artifact-hash.ts'
import { WholeHash } from '../../../src/federation/content/whole-hash.ts'

const LEAVES = 6
const leafOf = (index: number) => Buffer.from(`leaf ${index}`)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const WHOLE = sha256(Buffer.concat(Array.from({ length: LEAVES }, (_, index) => leafOf(index)))).toString('hex')

/** As a download uses it; what is written can be read again. */
function hashing(read = async (index: number): Promise<Uint8Array | null> => leafOf(index)) {
  const done = new Set<number>()
  const whole = new WholeHash(hashHere(), { done, read })
  return {
    whole,
    async take(index: number, bytes: Uint8Array) {
      if (!(await whole.check(index, bytes, sha256(leafOf(index))))) return false
      done.add(index)
      whole.goOn()
      return true
    },
    keep(indexes: Iterable<number>) {
      for (const index of indexes) done.add(index)
      whole.goOn()
    },
  }
}

test('is the sha-256 of all leaves, in whatever order they come, several at once, some altered and some kept of before', async () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: LEAVES })
  const wrong = fc.uniqueArray(fc.nat(LEAVES - 1))
  await fc.assert(
    fc.asyncProperty(order, wrong, fc.nat(LEAVES), fc.boolean(), async (indexes, altered, kept, atOnce) => {
      const { whole, take, keep } = hashing()
      keep(indexes.slice(0, kept))
      const coming = indexes.slice(kept)
      const bad = altered.filter(index => coming.includes(index))
      const attempts = [
        ...bad.map(index => [index, Buffer.from('other')] as const),
        ...coming.map(at => [at, leafOf(at)] as const),
      ]
      const verdicts: boolean[] = []
      if (atOnce) verdicts.push(...(await Promise.all(attempts.map(([index, bytes]) => take(index, bytes)))))
      else for (const [index, bytes] of attempts) verdicts.push(await take(index, bytes))
      expect(verdicts).toEqual([...bad.map(() => false), ...coming.map(() => true)])
      expect(await whole.end()).toBe(WHOLE)
    }),
  )
})

test('a leaf that comes twice counts once', async () => {
  const { whole, take } = hashing()
  for (const index of [0, 0, 1, 2, 2, 3, 4, 1, 5, 5]) await take(index, leafOf(index))
  expect(await whole.end()).toBe(WHOLE)
})

test('an altered byte that is read back makes it another', async () => {
  const { whole, take } = hashing(async () => Buffer.from('altered since'))
  for (const index of [1, 0, 2, 3, 4, 5]) await take(index, leafOf(index))
  expect(await whole.end()).not.toBe(WHOLE)
})

test('what is held already has none, and what cannot be read fails the end', async () => {
  const held = hashing(async () => null)
  held.keep([0, 1, 2, 3, 4, 5])
  expect(await held.whole.end()).toBeNull()
  const broken = hashing(() => Promise.reject(new Error('disk')))
  broken.keep([0, 1, 2, 3, 4, 5])
  await expect(broken.whole.end()).rejects.toThrow('disk')
})
