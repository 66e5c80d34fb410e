import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureBackupKey } from '../../src/cli/backup-key.ts'

let file: string
beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'hanse-backup-key-')), 'backup')
})
afterAll(async () => await rm(join(file, '..'), { recursive: true, force: true }))

test('the new key of a backup that failed goes again, and one that a backup has stays', async () => {
  {
    await using key = await ensureBackupKey(file)
    expect(await readFile(key.path, 'utf8')).toBe(`${key.text}\n`)
    expect((await stat(key.path)).mode & 0o777).toBe(0o600)
  }
  await expect(stat(`${file}.key`)).rejects.toMatchObject({ code: 'ENOENT' })
  let kept = ''
  {
    await using key = await ensureBackupKey(file)
    key.keep()
    kept = key.text
  }
  {
    await using again = await ensureBackupKey(file)
    expect(again.text).toBe(kept)
  }
  expect(await readFile(`${file}.key`, 'utf8')).toBe(`${kept}\n`)
})
