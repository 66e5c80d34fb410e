import { expect, test } from 'vitest'
import { unroutedNoteOf } from '../../../src/cli/use/unrouted-note.ts'

const ALLOWED = { match: '*', to: 'allowed' }

test('a project that is to have every name from a node that pulls nothing through is told how to change that', () => {
  expect(unroutedNoteOf([ALLOWED], null)).toContain("hanse route add 'npm:*' upstream/npmjs")
  expect(unroutedNoteOf([{ match: 'pypi:*', to: 'upstream/pypi' }, ALLOWED], null)).not.toBeNull()
})

test('nothing is said where an upstream is routed to, nor of a scope', () => {
  expect(unroutedNoteOf([{ match: 'npm:*', to: 'upstream/npmjs' }, ALLOWED], null)).toBeNull()
  expect(unroutedNoteOf([{ match: '*', to: 'upstream/npmjs' }], null)).toBeNull()
  expect(unroutedNoteOf([ALLOWED], '@acme')).toBeNull()
})
