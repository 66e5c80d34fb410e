import { open, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { ApiClient } from './api-client.ts'
import { CliError } from './errors.ts'
import { packFolder, type Surroundings } from './pack-folder.ts'

export interface PublishChoice {
  readonly public?: boolean
  /** The local name of an audience. */
  readonly to?: string
  readonly purl?: string
  readonly dryRun?: boolean
  /** When it was published first, somewhere else; ms since 1970. */
  readonly at?: number
}

export interface Published {
  readonly purl: string
  readonly record: string
  readonly cid: string
  readonly size: number
  readonly sha256: string
  readonly visibility: 'public' | 'listed' | 'private'
  /** Exactly this was released before. */
  readonly already?: true
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
    throw new CliError('E_NOT_FOUND', `${full} does not exist`, {
      cause,
      hint: 'hanse publish PATH, of a package folder or an archive',
    })
  })
  if (found.isFile()) return await publishFile(node, full, choice)
  if (!found.isDirectory())
    throw new CliError('E_USAGE', `${full} is neither a file nor a folder`, {
      hint: 'hanse publish PATH, of a package folder or an archive',
    })
  await using packed = await packFolder(full, surroundings)
  return await publishFile(node, packed.path, choice)
}

/** Uploads one archive as it is. */
export async function publishFile(node: ApiClient, file: string, choice: PublishChoice): Promise<Published> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const { public: isPublic, to, dryRun, purl, at } = choice
  const query = { name: basename(file), public: isPublic, to, dryRun, purl, at }
  const stream = handle.createReadStream({ autoClose: false })
  return await node.call<Published>('POST', '/api/publish', { query, upload: { stream, size } })
}
