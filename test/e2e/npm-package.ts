import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { create } from 'tar'
import { temporaryFolder } from '../temporary-folder.ts'

/** A tarball made here, and the digest of its exact bytes. */
export interface Tarball {
  readonly path: string
  readonly sha256: string
}

interface NpmManifest {
  readonly name: string
  readonly version: string
  readonly description?: string
}

/** Packs an npm package with the given manifest fields; a `README.md` of `padBytes` makes it larger. */
export async function npmTarball(manifest: NpmManifest, padBytes = 0): Promise<Tarball> {
  const folder = await temporaryFolder()
  await npmFolder(join(folder, 'package'), manifest)
  if (padBytes > 0) await writeFile(join(folder, 'package/data.bin'), noise(padBytes))
  const path = join(folder, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
  // One time for all, so that the same manifest is the same bytes whenever it is packed.
  await create({ gzip: true, portable: true, mtime: new Date(0), cwd: folder, file: path }, [
    'package/package.json',
    'package/index.js',
    ...(padBytes > 0 ? ['package/data.bin'] : []),
  ])
  return {
    path,
    sha256: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  }
}

/** Lays out the folder of an npm package. */
export async function npmFolder(path: string, manifest: NpmManifest): Promise<void> {
  await mkdir(path)
  await writeFile(join(path, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(path, 'index.js'), 'module.exports = 1\n')
}

/** Bytes that do not compress, the same on every run. */
function noise(bytes: number): Buffer {
  const blocks: Buffer[] = []
  for (let block = createHash('sha256').update('noise').digest(), size = 0; size < bytes; size += block.length) {
    block = createHash('sha256').update(block).digest()
    blocks.push(block)
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}
