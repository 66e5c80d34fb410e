import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Sha256 } from '../../protocol/index.ts'
import { systemCodeOf, writeErrorOf } from './errors.ts'
import { syncFolder } from './json-file.ts'
import { prunePartials, removePartial } from './kept-partials.ts'
import { LEAF_BYTES } from './limits.ts'
import { makeFolder } from './make-folder.ts'

/** The folders of an artifact store: `artifacts/ab/<sha256>`, `partial/`, `aside/<sha256>`. */
export class ArtifactFiles {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Makes the folders and removes what an interrupted `add` left behind; interrupted fetches stay within their bounds. */
  async prepare(): Promise<void> {
    for (const name of ['artifacts', 'partial', 'aside']) {
      const path = join(this.folder, name)
      await makeFolder(path).catch(error => {
        throw writeErrorOf(error, path)
      })
    }
    for (const name of await readdir(join(this.folder, 'partial'))) {
      if (name.startsWith('add-')) await rm(this.partialPath(name), { force: true, recursive: true })
    }
    await this.prunePartials(() => false)
  }

  path(sha256: Sha256): string {
    return join(this.folder, 'artifacts', sha256.slice(0, 2), sha256)
  }

  partialPath(name: string): string {
    return join(this.folder, 'partial', name)
  }

  /** Removes interrupted fetches beyond the bounds; those open now are left alone. */
  prunePartials(isOpen: (name: string) => boolean): Promise<void> {
    return prunePartials(join(this.folder, 'partial'), Date.now(), isOpen)
  }

  removePartial(name: string): Promise<void> {
    return removePartial(join(this.folder, 'partial'), name)
  }

  /** Puts a complete, synced partial file in its place so that it survives a power cut. */
  async settle(partial: string, sha256: Sha256): Promise<void> {
    const path = this.path(sha256)
    const made = await makeFolder(dirname(path))
    if (made !== null) await syncFolder(dirname(made))
    await rename(partial, path)
    await syncFolder(dirname(path))
  }

  async remove(sha256: Sha256): Promise<void> {
    await rm(this.path(sha256), { force: true })
  }

  /** Removes a file, what was put aside of it and what interrupted fetches left. */
  async removeAll(sha256: Sha256): Promise<void> {
    await this.remove(sha256)
    await rm(join(this.folder, 'aside', sha256), { force: true })
    for (const name of await readdir(join(this.folder, 'partial'))) {
      if (name.startsWith(`${sha256}-`)) await rm(this.partialPath(name), { force: true })
    }
  }

  /** Moves a file out of the way, to be looked at by people; returns its new path, or null if there was none. */
  async moveAside(sha256: Sha256): Promise<string | null> {
    const aside = join(this.folder, 'aside', sha256)
    try {
      await rename(this.path(sha256), aside)
      return aside
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  /** The sha-256 named by every file that is there, held or not. */
  async *names(): AsyncGenerator<Sha256> {
    for (const folder of await readdir(join(this.folder, 'artifacts'))) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue
      for (const name of await readdir(join(this.folder, 'artifacts', folder))) {
        if (/^[0-9a-f]{64}$/.test(name)) yield name as Sha256
      }
    }
  }
}

/** Reads one leaf of a file, or the first bytes of it; shorter than asked when the file is. */
export async function readLeaf(file: FileHandle, index: number, bytes = LEAF_BYTES): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(bytes)
  let length = 0
  while (length < bytes) {
    const { bytesRead } = await file.read(buffer, length, bytes - length, index * LEAF_BYTES + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}

/** Opens a file for reading, or null when it is not there. */
export async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** What a file takes of the disk, bytes without its holes; 0 when it is not there. */
export async function bytesOnDisk(path: string): Promise<number> {
  try {
    return (await stat(path)).blocks * 512
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0
    throw error
  }
}

/** The sha-256 of a file's bytes, or null when it is not there. */
export async function sha256OfFile(path: string): Promise<Sha256 | null> {
  await using file = await openIfThere(path)
  if (file === null) return null
  const hash = createHash('sha256')
  for (let index = 0; ; index++) {
    const bytes = await readLeaf(file, index)
    if (bytes.length === 0) return hash.digest('hex') as Sha256
    hash.update(bytes)
  }
}
