import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NodeError } from '../../../src/node/errors.ts'
import { parsePolicyText } from '../../../src/node/policy/index.ts'
import { compilePolicy } from '../../../src/protocol/index.ts'

const commented = await readFile(join(import.meta.dirname, '../../../config/policy.yaml'), 'utf8')
const text = commented.replaceAll(/^# (?= *(- .*|[a-zA-Z]+:( .*)?)$)/gm, '')
const INSERTED = [
  '',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  ',',
  '\n',
  '  ',
  '- ',
  '@',
  '*',
  '&a',
  '*a',
  '!!js',
  '~',
  '1e9',
  '\u0000',
  '\t',
]

test('a policy with anything wrong in it is a policy or refused with its place', () => {
  const mutation = fc.record({ at: fc.nat(text.length), cut: fc.nat(30), put: fc.constantFrom(...INSERTED) })
  fc.assert(
    fc.property(mutation, ({ at, cut, put }) => {
      try {
        compilePolicy(parsePolicyText(text.slice(0, at) + put + text.slice(at + cut)))
      } catch (error) {
        expect(error).toBeInstanceOf(NodeError)
        expect((error as NodeError).message).toMatch(/^policy\.yaml(:\d+)?: ./)
      }
    }),
    { numRuns: 500, seed: 20270101 },
  )
})
