import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXIT, exitCodeOf } from '../../../src/cli/exit-codes.ts'
import { statusOf } from '../../../src/node/http/error-status.ts'

/** Faults of the node or its home, which nobody who asks can mend: 500. */
const FAULTS = [
  ...['E_BACKUP', 'E_BACKUP_CORRUPT', 'E_BACKUP_NEWER', 'E_CLOSED', 'E_FILE', 'E_FILE_CORRUPT', 'E_HASHING_FAILED'],
  ...['E_HOME_CORRUPT', 'E_HOME_EXISTS', 'E_HOME_IN_USE', 'E_HOME_NEWER', 'E_IDENTITY', 'E_LISTEN'],
  ...['E_RECORD_CORRUPT', 'E_SELF_TEST', 'E_STORAGE_FAILED', 'E_STORE_FAILED', 'E_VERIFYING_FAILED'],
]
const LISTS = ['node/errors.ts', 'node/storage/errors.ts', 'federation/errors.ts', 'protocol/errors.ts']

test('every code of the rings behind the API has a status that tells whose fault it is', async () => {
  const sources = await Promise.all(
    LISTS.map(name => readFile(join(import.meta.dirname, '../../../src', name), 'utf8')),
  )
  const codes = new Set(
    sources.flatMap(source => [...source.matchAll(/\| '(E_[A-Z_]+)'/g)].map(([, code = '']) => code)),
  )
  expect(codes.size).toBeGreaterThan(60)
  expect([...codes].filter(code => statusOf(code) === 500).toSorted()).toEqual(FAULTS)
})

test('a full disk is 507, bytes that differ are refused, a stranger’s mistake is never 500', () => {
  expect(['E_DISK_FULL', 'E_ARTIFACT_ALTERED', 'E_ARCHIVE_PATH', 'E_PUBLISHER', 'E_NO_PROVIDER'].map(statusOf)).toEqual(
    [507, 403, 400, 400, 502],
  )
  expect(
    ['E_ARCHIVE_PATH', 'E_NO_PROVIDER', 'E_CONFIG', 'E_NOT_FOUND', 'E_UNAUTHORISED', 'E_DISK_FULL'].map(exitCodeOf),
  ).toEqual([EXIT.refused, EXIT.network, EXIT.usage, EXIT.notFound, EXIT.notAuthorised, EXIT.failed])
})
