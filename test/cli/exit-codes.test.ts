import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { exitCodeOf, listedExitCodeOf } from '../../src/cli/exit-codes.ts'

const SRC = join(import.meta.dirname, '../../src')
/** Tables of codes, which raise none. */
const TABLES = ['exit-codes.ts', 'error-status.ts']

/** Every code between quotes in the sources. */
let raised: ReadonlySet<string>
beforeAll(async () => {
  const entries = await readdir(SRC, { withFileTypes: true, recursive: true })
  const files = entries.filter(entry => entry.name.endsWith('.ts') && !TABLES.includes(entry.name))
  const texts = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')))
  raised = new Set(texts.flatMap(text => [...text.matchAll(/'(E_[A-Z0-9_]+)'/g)].map(([, code = '']) => code)))
})

test('every code of the sources has an exit code of its own', () => {
  expect(raised.size).toBeGreaterThan(90)
  expect([...raised].filter(code => listedExitCodeOf(code) === null)).toEqual([])
})

test('the table lists no code that nothing raises', async () => {
  const table = await readFile(join(SRC, 'cli/exit-codes.ts'), 'utf8')
  const listed = [...table.matchAll(/'(E_[A-Z0-9_]+)'/g)]
    .map(([, code = '']) => code)
    .filter(code => code !== 'E_ARCHIVE_')
  expect(listed.filter(code => !raised.has(code))).toEqual([])
  expect(listed.filter((code, at) => listed.indexOf(code) !== at)).toEqual([])
})

test.each([
  [
    1,
    ['E_RELATION', 'E_ROUTE_TAKEN', 'E_NAME_TAKEN', 'E_HOME_EXISTS', 'E_HOME_IN_USE', 'E_DISK_FULL', 'E_FILE_CORRUPT'],
  ],
  [2, ['E_USAGE', 'E_CONFIG', 'E_PURL', 'E_RANGE', 'E_PUBLISHER', 'E_MULTIADDR']],
  [3, ['E_NOT_FOUND']],
  [4, ['E_UNAUTHORISED', 'E_FORBIDDEN', 'E_FORBIDDEN_HOST', 'E_PLAIN_HTTP']],
  [
    5,
    [
      'E_NO_ROUTE',
      'E_AMBIGUOUS',
      'E_POLICY_DENIED',
      'E_ARTIFACT_ALTERED',
      'E_ARCHIVE_PATH',
      'E_VERSION_EXISTS',
      'E_FILE_NAME',
    ],
  ],
  [6, ['E_NO_NODE', 'E_NO_PROVIDER', 'E_NETWORK', 'E_LISTEN']],
  [130, ['E_INTERRUPTED']],
])('%i is the exit code of %j', (exit, codes) => {
  expect(codes.map(exitCodeOf)).toEqual(codes.map(() => exit))
})
