import { randomUUID } from 'node:crypto'
import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ApiClient } from './api-client.ts'
import { CliError } from './errors.ts'
import { receiveFile } from './receive-file.ts'
import { isSameFolder } from './same-folder.ts'
import { watchTransfer } from './watch-transfer.ts'

export interface Wanted {
  readonly purl: string
  readonly publisher?: string
}

export interface Installed {
  readonly purl: string
  readonly publisher: string
  readonly path: string
  readonly sha256: string
  /** Peer id of the node the bytes came from, or `local`. */
  readonly from: string
  /** Peers that sent the bytes, most first; none when they were here. */
  readonly mirrors: readonly { readonly peer: string; readonly bytes: number }[]
}

/** Archives that --extract unpacks, by purl type. */
const KINDS = [
  ['npm', 'npm'],
  ['pypi', 'sdist'],
  ['cargo', 'crate'],
] as const

interface InstallAnswer {
  readonly purl: string
  readonly publisher: string
  readonly sha256: string
  readonly from: string
  readonly fileName: string
  /** Absent from older nodes, and of an upstream's packages. */
  readonly mirrors?: Installed['mirrors']
}

export interface InstallOptions {
  readonly extract?: boolean
  readonly signal?: AbortSignal
  /** Shows how far it is to a person at a terminal. */
  readonly live?: (line: string | null) => void
}

/** Lets the node resolve and fetch a package, then writes its checked bytes into `folder` under their own name. */
export async function installTo(
  node: ApiClient,
  wanted: Wanted,
  folder: string,
  options: InstallOptions = {},
): Promise<Installed> {
  const { live } = options
  const install = () => node.call<InstallAnswer>('POST', '/api/install', { body: wanted })
  const answer = await (live === undefined ? install() : watchTransfer(node, wanted.purl, live, install))
  const { purl, publisher, sha256, from, fileName, mirrors = [] } = answer
  await requirePlain(fileName)
  const path = join(resolve(folder), fileName)
  if (options.extract) requireTarball(fileName)
  const bytes = await node.stream('GET', `/api/artifacts/${encodeURIComponent(sha256)}`)
  await receiveFile(bytes, path, { sha256, ...(options.signal ? { signal: options.signal } : {}) })
  if (options.extract) {
    await requireSound(path, purl)
    await extractBeside(path)
  }
  return { purl, publisher, path, sha256, from, mirrors }
}

/** The file name was chosen by a stranger: what a node may publish under is what is written here. @throws CliError E_FILE_NAME */
async function requirePlain(name: string): Promise<void> {
  const { isPlainFileName } = await import('../protocol/index.ts')
  if (isPlainFileName(name)) return
  throw new CliError(
    'E_FILE_NAME',
    `the release names its file ${JSON.stringify(name)}; that is not a plain file name`,
    {
      hint: 'ask its publisher to release it under another file name',
    },
  )
}

function requireTarball(name: string): void {
  if (/\.(tgz|tar\.gz|crate)$/.test(name)) return
  throw new CliError('E_USAGE', `--extract unpacks tarballs, and ${name} is none`, { hint: 'leave --extract out' })
}

/** What is unpacked has passed the strict validator here too: its publisher may have released it past one. @throws CliError */
async function requireSound(path: string, purl: string): Promise<void> {
  const as = KINDS.find(([type]) => purl.startsWith(`pkg:${type}/`))?.[1]
  if (as === undefined) return
  const { verifyArchiveLine } = await import('../node/index.ts')
  const verdict = await verifyArchiveLine({ path, as, purl })
  if (verdict.ok) return
  throw new CliError(verdict.code, `${path} is no sound ${as} archive of ${purl}: it was not unpacked`, {
    hint: `hanse verify archive says the same; tell its publisher, or leave --extract out`,
  })
}

/**
 * Unpacks into a folder named like the file without its ending, whole or not at all. One that is there stays: as it is when it
 * has the same files with the same bytes, else it is refused, because somebody may have worked in it.
 * @throws CliError E_FILE, E_FILE_EXISTS
 */
async function extractBeside(path: string): Promise<void> {
  const { extract } = await import('tar')
  const target = path.replace(/\.(tgz|tar\.gz|crate)$/, '')
  const partial = `${target}.${randomUUID()}.partial`
  try {
    await mkdir(partial)
    await extract({ file: path, cwd: partial, strict: true, strip: 1, preserveOwner: false, filter: isPlainEntry })
    if (await isThere(target)) await requireSame(partial, target)
    else await rename(partial, target)
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    throw new CliError('E_FILE', `${path} cannot be unpacked`, {
      cause,
      hint: 'the file itself is there; make room beside it',
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

const isThere = async (path: string): Promise<boolean> => (await lstat(path).catch(() => null)) !== null

async function requireSame(unpacked: string, target: string): Promise<void> {
  if (await isSameFolder(unpacked, target)) return
  throw new CliError('E_FILE_EXISTS', `${target} is there already and differs from the package`, {
    hint: 'move it away, or unpack elsewhere with --to DIR; the package file itself was written',
  })
}

/** The node's validator admits only files and folders; what is unpacked here holds to that as well. */
function isPlainEntry(_path: string, entry: unknown): boolean {
  const { type } = entry as { type?: string }
  return type === 'File' || type === 'OldFile' || type === 'Directory'
}
