import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  METADATA,
  packageJson,
  type TarSpec,
  tarEntry,
  tarOf,
  tgzOf,
  wheelFiles,
  zipOf,
} from '../node/archives/archive-writers.ts'

export { temporaryFolder as folderOfTest } from '../temporary-folder.ts'

/** Writes a file into a folder and gives its path. */
export async function fileIn(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

/** A wheel `foo_bar` 1.0 with real RECORD digests. */
export const wheelBytes = (): Buffer => zipOf(wheelFiles())

/** A source distribution of the same release. */
export const sdistBytes = (): Buffer =>
  tgzOf({ name: 'foo_bar-1.0/PKG-INFO', body: METADATA }, { name: 'foo_bar-1.0/setup.py', body: '#\n' })

/** A crate with the fields that its index needs. */
export const crateBytes = (name: string, version: string): Buffer =>
  tgzOf(
    {
      name: `${name}-${version}/Cargo.toml`,
      body: `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\nlicense = "MIT"\n`,
    },
    { name: `${name}-${version}/src/lib.rs`, body: '//\n' },
  )

const npm = (...specs: TarSpec[]) => tgzOf(packageJson(), ...specs)

/** One hostile npm tarball of each class that DESIGN section 8 names. */
export const HOSTILE_TARBALLS: ReadonlyMap<string, () => Uint8Array> = new Map([
  ['traversal', () => npm({ name: 'package/../../evil', body: 'x' })],
  ['absolute path', () => npm({ name: '/etc/passwd', body: 'x' })],
  ['symbolic link', () => npm({ name: 'package/a', flag: '2', link: '/etc/passwd' })],
  ['hard link', () => npm({ name: 'package/a', flag: '1', link: 'package/package.json' })],
  ['device node', () => npm({ name: 'package/a', flag: '3', devmajor: '0000001\0' })],
  ['duplicate name', () => npm({ name: 'package/a', body: '1' }, { name: 'package/a', body: '2' })],
  ['case clash', () => npm({ name: 'package/a', body: '1' }, { name: 'package/A', body: '2' })],
  ['bomb', () => npm({ name: 'package/zeros', body: Buffer.alloc(8 << 20) })],
  ['data after the gzip member', () => Buffer.concat([npm(), Buffer.from('more')])],
  ['second gzip member', () => Buffer.concat([npm(), gzipSync('more')])],
  [
    'data after the zero blocks',
    () => gzipSync(Buffer.concat([tarOf(packageJson()), tarEntry({ name: 'package/b' })])),
  ],
  ['cut short', () => npm().subarray(0, -12)],
  ['no manifest', () => tgzOf({ name: 'package/index.js', body: '1' })],
])
