import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []

/** A new folder, removed when the test file that asked for it is done, whatever came of its tests. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hanse-test-'))
  made.push(path)
  return path
}

// Called while a test file is collected: this module is loaded anew for each.
afterAll(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true, maxRetries: 5 })
})
