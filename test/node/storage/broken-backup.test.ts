import { once } from 'node:events'
import { expect, test } from 'vitest'
import { type BackupSource, backupStream } from '../../../src/node/storage/backup.ts'
import { StorageError } from '../../../src/node/storage/errors.ts'

const damage = new StorageError('E_RECORD_CORRUPT', 'record 3 was altered on disk')

/** A backup whose records are these, one after another. */
function sourceOf(records: () => AsyncGenerator<{ envelope: Uint8Array }>): BackupSource {
  const source = { publisher: 'bafy', bytesNamedIn: () => [], keys: new Uint8Array(60), state: new Map(), at: 0 }
  return { ...source, artifacts: {}, records: { records } } as unknown as BackupSource
}

test('why a backup broke off is told', async () => {
  const told = Promise.withResolvers<unknown>()
  const source = sourceOf(async function* () {
    yield { envelope: new Uint8Array(400) }
    throw damage
  })
  const stream = backupStream(source, told.resolve)
  stream.on('error', () => {}).resume()
  expect(await told.promise).toBe(damage)
})

test('that nobody reads it any more is told to nobody', async () => {
  const told: unknown[] = []
  const left = Promise.withResolvers<void>()
  const source = sourceOf(async function* () {
    try {
      for (;;) yield { envelope: new Uint8Array(4_000) }
    } finally {
      left.resolve()
    }
  })
  const stream = backupStream(source, error => told.push(error))
  await once(stream, 'readable')
  stream.destroy()
  await left.promise
  await new Promise(resolve => setImmediate(resolve))
  expect(told).toEqual([])
})
