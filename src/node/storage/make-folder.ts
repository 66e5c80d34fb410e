import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from './errors.ts'

/**
 * Makes a folder and those above it, one by one; gives the first that it made, or null. Node's own recursive mkdir never returns
 * where a folder exists that takes no others, such as /proc. @throws the operating system's error
 */
export async function makeFolder(path: string, mode = 0o700): Promise<string | null> {
  if (await isFolder(path)) return null
  const above = dirname(path)
  const first = above === path ? null : await makeFolder(above, mode)
  try {
    await mkdir(path, { mode })
  } catch (error) {
    // Another call may have made it meanwhile.
    if (systemCodeOf(error) === 'EEXIST' && (await isFolder(path))) return first
    throw error
  }
  return first ?? path
}

/** False also for what cannot be looked at. */
async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}
