import { execFile } from 'node:child_process'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { ApiClient } from './api-client.ts'
import type { Environment } from './environment.ts'
import { CliError } from './errors.ts'

export interface PublishChoice {
  readonly public?: boolean
  readonly purl?: string
  readonly dryRun?: boolean
}

export interface Published {
  readonly purl: string
  readonly record: string
  readonly cid: string
  readonly size: number
  readonly sha256: string
  readonly visibility: 'public' | 'private'
}

interface Surroundings {
  readonly environment: Environment
  readonly signal: AbortSignal
}

/** Uploads the archive at `path`, or the one npm packs of a package folder, and returns the node's answer. */
export async function publishPath(
  node: ApiClient,
  path: string,
  choice: PublishChoice,
  surroundings: Surroundings,
): Promise<Published> {
  const full = resolve(path)
  const found = await stat(full).catch(cause => {
    throw new CliError('E_NOT_FOUND', `${full} does not exist`, { cause })
  })
  if (found.isFile()) return await publishFile(node, full, choice)
  if (!found.isDirectory()) throw new CliError('E_USAGE', `${full} is neither a file nor a folder`)
  const folder = await mkdtemp(join(tmpdir(), 'hanse-pack-'))
  try {
    return await publishFile(node, await packFolder(full, folder, surroundings), choice)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Uploads one archive as it is. */
export async function publishFile(node: ApiClient, file: string, choice: PublishChoice): Promise<Published> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const query = { name: basename(file), public: choice.public, dryRun: choice.dryRun, purl: choice.purl }
  const stream = handle.createReadStream({ autoClose: false })
  return await node.call<Published>('POST', '/api/publish', { query, upload: { stream, size } })
}

/** Packs a package folder as npm would, without running any of its scripts. */
async function packFolder(path: string, into: string, { environment, signal }: Surroundings): Promise<string> {
  const isPackage = await stat(join(path, 'package.json')).catch(() => null)
  if (!isPackage) {
    throw new CliError('E_USAGE', `${path} has no package.json`, {
      hint: 'hanse publish FILE, with the archive itself',
    })
  }
  const args = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', into]
  try {
    await promisify(execFile)('npm', args, {
      cwd: path,
      env: environment.inherited,
      signal,
      maxBuffer: 16 * 1024 * 1024,
    })
  } catch (cause) {
    if (signal.aborted) throw new CliError('E_INTERRUPTED', 'interrupted', { cause })
    throw new CliError('E_NPM', `npm pack failed in ${path}`, {
      cause,
      hint: 'publish needs npm for folders; a .tgz needs none',
    })
  }
  const packed = (await readdir(into)).find(name => name.endsWith('.tgz'))
  if (packed === undefined) throw new CliError('E_NPM', `npm pack wrote no tarball for ${path}`)
  return join(into, packed)
}
