import { open } from 'node:fs/promises'

/** Writes zeros to a file until its disk takes no more, and gives `leaveBytes` back. */
export async function fillDisk(path: string, leaveBytes = 0): Promise<void> {
  await using file = await open(path, 'w')
  const block = Buffer.alloc(64 * 1024)
  let size = 0
  const isFull = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC') throw error
    return { bytesWritten: 0 }
  }
  for (let last = 1; last > 0; size += last) last = (await file.write(block).catch(isFull)).bytesWritten
  await file.truncate(size - leaveBytes)
}
