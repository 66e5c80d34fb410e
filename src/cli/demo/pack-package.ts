import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { create } from 'tar'
import { CliError } from '../errors.ts'

/** The date npm itself gives every file, so that equal folders make equal tarballs. */
const MTIME = new Date('1985-10-26T08:15:00Z')

/** Packages of this project's own node_modules: small, known to everyone, of many authors. */
const NAMES = [
  'fastify',
  'semver',
  'commander',
  'pino',
  'yaml',
  'fuse.js',
  'multiformats',
  'prom-client',
  'packageurl-js',
  'tar',
  'ajv',
  'avvio',
  'chownr',
  'cookie',
  'debug',
  'fast-deep-equal',
  'fast-json-stringify',
  'fast-uri',
  'find-my-way',
  'hashlru',
  'ipaddr.js',
  'light-my-request',
  'minipass',
  'minizlib',
  'ms',
  'nanoid',
  'p-queue',
  'p-retry',
  'pino-std-serializers',
  'process-warning',
  'progress-events',
  'protons-runtime',
  'quick-format-unescaped',
  'race-signal',
  'real-require',
  'reusify',
  'rfdc',
  'safe-stable-stringify',
  'secure-json-parse',
  'sonic-boom',
  'thread-stream',
  'toad-cache',
  'uint8arrays',
  'yallist',
  'yauzl',
] as const

export interface PackedPackage {
  readonly name: string
  readonly version: string
  readonly file: string
}

/** Packs those of the known packages that are installed, as `npm pack` would name them, without running anything. */
export async function packInstalled(into: string): Promise<readonly PackedPackage[]> {
  const modules = await modulesFolderOf(import.meta.dirname)
  const packed: PackedPackage[] = []
  for (const name of NAMES) {
    const one = await packPackage(join(modules, name), into)
    if (one) packed.push(one)
  }
  return packed
}

async function packPackage(folder: string, into: string): Promise<PackedPackage | null> {
  const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null)
  if (manifest === null) return null
  const { name, version } = JSON.parse(manifest) as { name: string; version: string }
  const file = join(into, `${name}-${version}.tgz`)
  const files = await filesBelow(folder)
  await create(
    { file, cwd: folder, prefix: 'package', gzip: true, portable: true, mtime: MTIME, filter: isFile },
    files,
  )
  return { name, version, file }
}

/** Regular files below a package, sorted, without the packages installed inside it. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter(path => !path.split('/').includes('node_modules'))
    .map(path => `./${path}`)
    .sort()
}

function isFile(_path: string, entry: Stats | object): boolean {
  return 'isFile' in entry && typeof entry.isFile === 'function' && entry.isFile() === true
}

/** The nearest node_modules above with packages in it. */
async function modulesFolderOf(folder: string): Promise<string> {
  const modules = join(folder, 'node_modules')
  if (await stat(join(modules, 'semver')).catch(() => null)) return modules
  if (dirname(folder) === folder) throw new CliError('E_NOT_FOUND', 'the demo needs the node_modules of this project')
  return await modulesFolderOf(dirname(folder))
}
