import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ArchiveKind } from './kind.ts'

/** What a file to publish is; `file` is anything that only a package URL can name. */
export type Publishable = ArchiveKind | 'file'

/** Tells by name and first bytes what a file is, not whether it is sound. */
export async function detectArchive(path: string): Promise<Publishable> {
  const magic = await firstBytes(path)
  const name = basename(path).toLowerCase()
  const gzip = magic[0] === 0x1f && magic[1] === 0x8b
  if (name.endsWith('.whl')) return 'wheel'
  if (name.endsWith('.crate')) return 'crate'
  if (name.endsWith('.tgz') && gzip) return 'npm'
  if (name.endsWith('.tar.gz') && gzip) return 'sdist'
  return 'file'
}

async function firstBytes(path: string): Promise<Uint8Array> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(new Uint8Array(4), 0, 4, 0)
  return buffer.subarray(0, bytesRead)
}
