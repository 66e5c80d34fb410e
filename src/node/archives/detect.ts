import { open, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { NodeError } from '../errors.ts'
import type { ArchiveKind } from './kind.ts'

/** What a path given to `hanse publish` is; `file` is anything that only a package URL can name. */
export type Publishable = ArchiveKind | 'npm-folder' | 'file'

/** Tells by name and first bytes what a path is, not whether it is sound; throws NodeError E_NOT_FOUND and E_INVALID_INPUT. */
export async function detectArchive(path: string): Promise<Publishable> {
  const found = await statOrNull(path)
  if (found === null) throw new NodeError('E_NOT_FOUND', `there is no ${path}`)
  if (found.isDirectory()) return detectFolder(path)
  if (!found.isFile()) throw new NodeError('E_INVALID_INPUT', `${path} is neither file nor folder`)
  const magic = await firstBytes(path)
  const name = basename(path).toLowerCase()
  const gzip = magic[0] === 0x1f && magic[1] === 0x8b
  if (name.endsWith('.whl')) return 'wheel'
  if (name.endsWith('.crate')) return 'crate'
  if (name.endsWith('.tgz') && gzip) return 'npm'
  if (name.endsWith('.tar.gz') && gzip) return 'sdist'
  return 'file'
}

async function detectFolder(path: string): Promise<Publishable> {
  if ((await statOrNull(join(path, 'package.json')))?.isFile()) return 'npm-folder'
  throw new NodeError('E_INVALID_INPUT', `${path} is a folder without package.json`, {
    hint: 'give an npm package folder, or a built archive: .tgz, .whl, .tar.gz, .crate',
  })
}

async function statOrNull(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw error
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(new Uint8Array(4), 0, 4, 0)
  return buffer.subarray(0, bytesRead)
}
