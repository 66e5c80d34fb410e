import { crc32 } from 'node:zlib'
import { parseArchivePath } from './archive-path.ts'
import type { ByteSource } from './byte-source.ts'
import type { ArchiveContents, ArchiveEntry, FileSink, OpenFile, UnpackedMeter } from './entry.ts'
import { inflateRaw } from './inflate.ts'
import type { ArchiveLimits } from './limits.ts'
import { PathTree } from './path-tree.ts'
import { quoted, refuse } from './refusal.ts'
import {
  checkNameAndExtra,
  hasDescriptor,
  parseZipHeader,
  permissionsOf,
  ZIP,
  type ZipHeader,
} from './zip-structures.ts'

/** One file as its local header and its bytes say. */
interface LocalFile {
  readonly offset: number
  readonly header: ZipHeader
  readonly name: Buffer
  readonly path: string
  readonly directory: boolean
  readonly crc: number
  readonly packed: number
  readonly size: number
}

/**
 * Reads a zip front to back, so that local headers, bytes, central headers and end must follow each other without a gap and
 * agree; zip64, encryption and comments are refused (DESIGN section 8, APPNOTE.TXT 6.3.10).
 */
export async function readZip(
  source: ByteSource,
  limits: ArchiveLimits,
  open: OpenFile,
  meter: UnpackedMeter,
): Promise<ArchiveContents> {
  const tree = new PathTree(limits)
  const files: LocalFile[] = []
  let signature = await readSignature(source)
  for (; signature === ZIP.local; signature = await readSignature(source)) {
    files.push(await readLocal(source, limits, tree, open, meter))
  }
  const entries: ArchiveEntry[] = []
  const centralOffset = source.position - 4
  for (; signature === ZIP.central; signature = await readSignature(source)) {
    entries.push(await readCentral(source, files[entries.length]))
  }
  await readEnd(source, signature, files.length, entries.length, centralOffset)
  const unpackedBytes = files.reduce((sum, file) => sum + file.size, 0)
  return { entries, roots: tree.roots, unpackedBytes }
}

const readSignature = async (source: ByteSource) => (await source.read(4)).readUInt32LE(0)

async function readLocal(
  source: ByteSource,
  limits: ArchiveLimits,
  tree: PathTree,
  open: OpenFile,
  meter: UnpackedMeter,
): Promise<LocalFile> {
  const offset = source.position - 4
  const header = parseZipHeader(await source.read(ZIP.localBytes))
  const name = Buffer.from(await source.read(header.nameBytes))
  checkNameAndExtra(header, name, await source.read(header.extraBytes))
  const directory = name.at(-1) === 0x2f
  const parts = parseArchivePath(directory ? name.subarray(0, -1) : name, limits)
  tree.add(parts, directory)
  const path = parts.join('/')
  const measured = await readFile(source, header, directory ? () => {} : open(path), meter)
  if (directory && measured.size !== 0) refuse('E_ARCHIVE_FORMAT', `directory ${quoted(path)} has content`)
  return { offset, header, name, path, directory, ...measured }
}

/** The file's bytes to `sink`, measured; refuses where header or data descriptor say otherwise. */
async function readFile(source: ByteSource, header: ZipHeader, sink: FileSink, meter: UnpackedMeter) {
  const start = source.position
  let crc = 0
  let size = 0
  const take = (chunk: Uint8Array) => {
    meter.count(chunk.length)
    crc = crc32(chunk, crc)
    size += chunk.length
    sink(chunk)
  }
  if (header.method === 8) for await (const chunk of inflateRaw(source)) take(chunk)
  else if (hasDescriptor(header) && header.packed === 0) take(new Uint8Array())
  else await source.pass(header.packed, take)
  const measured = { crc, size, packed: source.position - start }
  const said = hasDescriptor(header) ? await readDescriptor(source) : header
  checkAgrees(said, measured)
  if (hasDescriptor(header)) checkBlankOrAgrees(header, measured)
  return measured
}

async function readDescriptor(source: ByteSource) {
  if ((await readSignature(source)) !== ZIP.descriptor) refuse('E_ARCHIVE_FORMAT', 'a data descriptor has no signature')
  const bytes = await source.read(12)
  return { crc: bytes.readUInt32LE(0), packed: bytes.readUInt32LE(4), size: bytes.readUInt32LE(8) }
}

interface Measured {
  readonly crc: number
  readonly packed: number
  readonly size: number
}

function checkAgrees(said: Measured, measured: Measured): void {
  if (said.size !== measured.size || said.packed !== measured.packed)
    refuse('E_ARCHIVE_DISAGREES', 'a zip entry has another size than its header says')
  if (said.crc !== measured.crc) refuse('E_ARCHIVE_CHECKSUM', 'a zip entry has another checksum than its header says')
}

function checkBlankOrAgrees(said: Measured, measured: Measured): void {
  if (said.crc !== 0 || said.packed !== 0 || said.size !== 0) checkAgrees(said, measured)
}

async function readCentral(source: ByteSource, file: LocalFile | undefined): Promise<ArchiveEntry> {
  const bytes = await source.read(ZIP.centralBytes)
  const header = parseZipHeader(bytes.subarray(2))
  const name = await source.read(header.nameBytes)
  checkNameAndExtra(header, name, await source.read(header.extraBytes))
  const comment = bytes.readUInt16LE(28)
  const disk = bytes.readUInt16LE(30)
  if (comment !== 0 || disk !== 0) refuse('E_ARCHIVE_FORMAT', 'a zip entry has a comment or another disk')
  if (file === undefined) refuse('E_ARCHIVE_DISAGREES', 'the zip directory lists a file that is not there')
  if (bytes.readUInt32LE(38) !== file.offset || !name.equals(file.name) || !isSame(header, file.header)) {
    refuse('E_ARCHIVE_DISAGREES', `local and central header of ${quoted(file.path)} disagree`)
  }
  checkAgrees(header, file)
  const mode = permissionsOf(bytes.readUInt16LE(0), bytes.readUInt32LE(34), file.directory)
  const executable = !file.directory && ((mode ?? 0) & 0o111) !== 0
  return { path: file.path, type: file.directory ? 'directory' : 'file', size: file.size, executable }
}

const isSame = (a: ZipHeader, b: ZipHeader) => a.flags === b.flags && a.method === b.method && a.time === b.time

async function readEnd(
  source: ByteSource,
  signature: number,
  files: number,
  entries: number,
  centralOffset: number,
): Promise<void> {
  if (signature !== ZIP.end) refuse('E_ARCHIVE_FORMAT', 'there is something that is not part of a zip')
  const endOffset = source.position - 4
  const end = await source.read(ZIP.endBytes)
  if (entries !== files) refuse('E_ARCHIVE_DISAGREES', 'the zip directory does not list every file')
  if (end.readUInt32LE(0) !== 0 || end.readUInt16LE(4) !== entries || end.readUInt16LE(6) !== entries) {
    refuse('E_ARCHIVE_DISAGREES', 'the end of the zip counts other files')
  }
  if (end.readUInt32LE(8) !== endOffset - centralOffset || end.readUInt32LE(12) !== centralOffset) {
    refuse('E_ARCHIVE_DISAGREES', 'the end of the zip points elsewhere')
  }
  if (end.readUInt16LE(16) !== 0) refuse('E_ARCHIVE_TRAILING', 'the zip has a comment')
  if ((await source.pull()) !== undefined) refuse('E_ARCHIVE_TRAILING', 'there is data after the zip')
}
