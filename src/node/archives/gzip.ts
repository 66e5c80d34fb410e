import { crc32 } from 'node:zlib'
import type { ByteSource } from './byte-source.ts'
import { inflateRaw } from './inflate.ts'
import { refuse } from './refusal.ts'

const FLAG_HEADER_CRC = 2
const FLAG_EXTRA = 4
const FLAG_NAME = 8
const FLAG_COMMENT = 16
/** Bytes of a name or comment in the header: a file name. */
const MAX_TEXT_BYTES = 1024

/** Unpacks exactly one gzip member (RFC 1952) and refuses whatever follows it. */
export async function* gunzipOne(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  await skipHeader(source)
  let checksum = 0
  let size = 0
  for await (const chunk of inflateRaw(source)) {
    checksum = crc32(chunk, checksum)
    size += chunk.length
    yield chunk
  }
  const trailer = await source.read(8)
  if (trailer.readUInt32LE(0) !== checksum) refuse('E_ARCHIVE_CHECKSUM', 'the gzip checksum does not match')
  if (trailer.readUInt32LE(4) !== size % 2 ** 32) refuse('E_ARCHIVE_CHECKSUM', 'the gzip length does not match')
  if ((await source.pull()) !== undefined) refuse('E_ARCHIVE_TRAILING', 'there is data after the first gzip member')
}

async function skipHeader(source: ByteSource): Promise<void> {
  const header = await source.read(10)
  if (header[0] !== 0x1f || header[1] !== 0x8b || header[2] !== 8) refuse('E_ARCHIVE_FORMAT', 'this is not gzip')
  const flags = header[3]!
  if ((flags & 0xe0) !== 0) refuse('E_ARCHIVE_FORMAT', 'the gzip header has reserved flags')
  if ((flags & FLAG_EXTRA) !== 0) await source.read((await source.read(2)).readUInt16LE(0))
  if ((flags & FLAG_NAME) !== 0) await skipText(source)
  if ((flags & FLAG_COMMENT) !== 0) await skipText(source)
  if ((flags & FLAG_HEADER_CRC) !== 0) await source.read(2)
}

async function skipText(source: ByteSource): Promise<void> {
  for (let count = 0; count < MAX_TEXT_BYTES; count++) {
    if ((await source.read(1))[0] === 0) return
  }
  refuse('E_ARCHIVE_FORMAT', 'a text in the gzip header is too long')
}
