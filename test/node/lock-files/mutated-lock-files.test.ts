import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NodeError } from '../../../src/node/errors.ts'
import { readLockFile } from '../../../src/node/lock-files/index.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const texts = await Promise.all((await readdir(FIXTURES)).map(name => readFile(join(FIXTURES, name), 'utf8')))
/** What changes the meaning of such files most. */
const INSERTED = [
  '',
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\n',
  '  ',
  '@',
  'npm:',
  'null',
  '1',
  '"__proto__": {},',
  '&a',
  '*a',
  '\u0000',
]

test('a lock file with anything wrong in it is read or refused, and nothing else happens', () => {
  const mutation = fc.record({
    text: fc.constantFrom(...texts),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(40),
    put: fc.constantFrom(...INSERTED),
  })
  fc.assert(
    fc.property(mutation, ({ text, at, cut, put }) => {
      const place = Math.floor(at * text.length)
      const mutated = text.slice(0, place) + put + text.slice(place + cut)
      try {
        for (const { package: name, version } of readLockFile(mutated).releases) {
          expect(name).toMatch(/^pkg:npm\/\S+$/)
          expect(version).toMatch(/^[^\s/]+$/)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(NodeError)
      }
    }),
    { numRuns: 500, seed: 20270101 },
  )
})
