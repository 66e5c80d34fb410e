import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

/** A new folder, removed when the test file that asked for it is done, whatever came of its tests. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hanse-test-'))
  made.push(path)
  return path
}

/** Removes all that were asked for and are there still. */
export async function removeTemporaryFolders(): Promise<void> {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true, maxRetries: 5 })
}
