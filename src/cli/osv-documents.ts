import { opendir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Entry, ZipFile } from 'yauzl'
import { CliError } from './errors.ts'

/** Bytes of one file of advisories; a list of many documents in one file included. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
/** Bytes of one document in a zip archive; the node takes a sixteenth of it. */
const MAX_ENTRY_BYTES = 16 * 1024 * 1024

/** The bytes of one file that should hold advisories, or why it was not read. */
export type OsvFile =
  | { readonly name: string; readonly bytes: Buffer }
  | { readonly name: string; readonly why: string }

/** Every `.json` file of a path: the file itself, those below a folder, or those in a zip archive. @throws CliError E_NOT_FOUND, E_FILE */
export async function* osvFilesOf(path: string): AsyncGenerator<OsvFile> {
  const found = await stat(path).catch(cause => {
    throw new CliError('E_NOT_FOUND', `${path} does not exist`, { cause, hint: 'hanse advisory import PATH' })
  })
  if (found.isDirectory()) yield* filesBelow(path)
  else if (/\.zip$/i.test(path)) yield* entriesOf(path)
  else yield await fileOf(path)
}

async function* filesBelow(folder: string): AsyncGenerator<OsvFile> {
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (entry.isFile() && entry.name.endsWith('.json')) yield await fileOf(join(entry.parentPath, entry.name))
  }
}

async function fileOf(path: string): Promise<OsvFile> {
  try {
    const { size } = await stat(path)
    if (size > MAX_FILE_BYTES) return { name: path, why: `a file of more than ${MAX_FILE_BYTES} bytes` }
    return { name: path, bytes: await readFile(path) }
  } catch {
    return { name: path, why: 'a file that cannot be read' }
  }
}

async function* entriesOf(path: string): AsyncGenerator<OsvFile> {
  const zip = await openZip(path)
  try {
    for (let entry = await nextEntry(zip, path); entry !== null; entry = await nextEntry(zip, path)) {
      if (entry.fileName.endsWith('.json')) yield await entryFileOf(zip, entry)
    }
  } finally {
    zip.close()
  }
}

async function openZip(path: string): Promise<ZipFile> {
  const { open } = (await import('yauzl')).default
  const { promise, resolve, reject } = Promise.withResolvers<ZipFile>()
  open(path, { lazyEntries: true, autoClose: false }, (error, zip) => (error ? reject(error) : resolve(zip)))
  return await promise.catch(cause => {
    throw brokenZip(path, cause)
  })
}

/** null: there is no further one. */
async function nextEntry(zip: ZipFile, path: string): Promise<Entry | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Entry | null>()
  const end = () => resolve(null)
  zip.once('entry', resolve).once('end', end).once('error', reject)
  zip.readEntry()
  try {
    return await promise
  } catch (cause) {
    throw brokenZip(path, cause)
  } finally {
    zip.off('entry', resolve).off('end', end).off('error', reject)
  }
}

/** The archive is unpacked in memory, file by file; what an entry says of its size is checked by the reader. */
async function entryFileOf(zip: ZipFile, entry: Entry): Promise<OsvFile> {
  const name = entry.fileName
  if (entry.uncompressedSize > MAX_ENTRY_BYTES) return { name, why: `a file of more than ${MAX_ENTRY_BYTES} bytes` }
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Readable>()
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)))
    return { name, bytes: Buffer.concat(await (await promise).toArray()) }
  } catch {
    return { name, why: 'a file that cannot be unpacked' }
  }
}

const brokenZip = (path: string, cause: unknown) =>
  new CliError('E_FILE', `${path} is not a zip archive that can be read`, { cause, hint: 'fetch it again' })
