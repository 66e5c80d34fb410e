import { parseArchivePath } from './archive-path.ts'
import type { ByteSource } from './byte-source.ts'
import type { ArchiveContents, ArchiveEntry, OpenFile } from './entry.ts'
import type { ArchiveLimits } from './limits.ts'
import { PathTree } from './path-tree.ts'
import { quoted, refuse } from './refusal.ts'
import { BLOCK_BYTES, parseTarHeader, type TarHeader } from './tar-header.ts'
import { isShortened, parsePax, withPax } from './tar-pax.ts'

const NOTHING = () => {}

/** Reads an unpacked tar stream to its end against the profile of DESIGN section 8; every rule broken is a Refusal. */
export async function readTar(source: ByteSource, limits: ArchiveLimits, open: OpenFile): Promise<ArchiveContents> {
  const entries: ArchiveEntry[] = []
  const tree = new PathTree(limits)
  for (;;) {
    const header = await readHeader(source, limits)
    if (header === null) break
    const entry = entryOf(header, limits)
    const parts = entry.path.split('/')
    if (parts.length === 1 && entry.type === 'file')
      refuse('E_ARCHIVE_ROOT', `${quoted(entry.path)} lies outside the root folder`)
    tree.add(parts, entry.type === 'directory')
    if (tree.roots.length > 1) refuse('E_ARCHIVE_ROOT', `${quoted(entry.path)} is a second root folder`)
    entries.push(entry)
    await source.pass(entry.size, entry.type === 'file' ? open(entry.path) : NOTHING)
    await skipPadding(source, entry.size)
  }
  return { entries, roots: tree.roots, unpackedBytes: source.position }
}

/** The next entry's header, completed by the one PAX or GNU name entry before it; null at the end. */
async function readHeader(source: ByteSource, limits: ArchiveLimits): Promise<TarHeader | null> {
  const first = await readBlock(source)
  if (first === null) return null
  if (first.flag !== 'x' && first.flag !== 'L') return first
  if ((first.flag === 'L') !== first.gnu) refuse('E_ARCHIVE_FORMAT', 'a tar extension is of the other dialect')
  const bound = first.flag === 'x' ? limits.paxBytes : limits.pathBytes + 1
  if (first.size > bound) refuse('E_ARCHIVE_PAX', `a tar extension has more than ${bound} bytes`)
  const data = await source.read(first.size)
  await skipPadding(source, first.size)
  const header = await readBlock(source)
  if (header === null || (header.flag !== '0' && header.flag !== '5') || header.gnu !== first.gnu) {
    return refuse('E_ARCHIVE_FORMAT', 'a tar extension does not stand directly before its file')
  }
  return first.flag === 'x' ? withPax(header, parsePax(data)) : withLongName(header, data)
}

function withLongName(header: TarHeader, data: Buffer): TarHeader {
  const end = data.at(-1) === 0 ? data.length - 1 : data.length
  const path = data.subarray(0, end)
  if (path.includes(0) || !isShortened(header.path, path))
    refuse('E_ARCHIVE_DISAGREES', 'a long name and its header disagree')
  return { ...header, path }
}

async function readBlock(source: ByteSource): Promise<TarHeader | null> {
  const block = await source.read(BLOCK_BYTES)
  if (block.some(byte => byte !== 0)) return parseTarHeader(block)
  await expectZeros(source)
  return null
}

/** After the first zero block: at least one more, and nothing but zero blocks. */
async function expectZeros(source: ByteSource): Promise<void> {
  for (let count = 0; ; count++) {
    const block = await source.readOrEnd(BLOCK_BYTES)
    if (block === undefined && count === 0) refuse('E_ARCHIVE_TRUNCATED', 'the tar does not end in two zero blocks')
    if (block === undefined) return
    if (block.some(byte => byte !== 0)) refuse('E_ARCHIVE_TRAILING', 'there is data after the end of the tar')
  }
}

async function skipPadding(source: ByteSource, size: number): Promise<void> {
  await source.pass((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES, NOTHING)
}

function entryOf(header: TarHeader, limits: ArchiveLimits): ArchiveEntry {
  const directory = header.flag === '5'
  const slash = header.path.at(-1) === 0x2f
  if (slash && !directory) refuse('E_ARCHIVE_PATH', 'the path of a file ends in a slash')
  if (directory && header.size !== 0) refuse('E_ARCHIVE_FORMAT', 'a directory has content')
  const path = parseArchivePath(slash ? header.path.subarray(0, -1) : header.path, limits).join('/')
  return {
    path,
    type: directory ? 'directory' : 'file',
    size: header.size,
    executable: !directory && (header.mode & 0o111) !== 0,
  }
}
