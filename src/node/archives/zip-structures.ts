import { refuse } from './refusal.ts'

/** Signatures and fixed lengths of APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.9, 4.3.12 and 4.3.16. */
export const ZIP = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end: 0x06054b50,
  localBytes: 26,
  centralBytes: 42,
  endBytes: 18,
} as const

/** What local and central header both say of one file. */
export interface ZipHeader {
  readonly flags: number
  readonly method: number
  readonly time: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly nameBytes: number
  readonly extraBytes: number
}

export const hasDescriptor = (header: ZipHeader) => (header.flags & 8) !== 0

/** bits 1-2: deflate effort; 3: data descriptor; 11: UTF-8. */
const ALLOWED_FLAGS = 0b1000_0000_1110
/** Extra fields that hold times or owners only; those with sizes, names or keys could contradict the header. */
const ALLOWED_EXTRAS = new Set([0x000a, 0x5455, 0x5855, 0x7855, 0x7875, 0xcafe])

/** Reads the fields that follow the signature of a local header (26 bytes) or, from offset 2, of a central one. */
export function parseZipHeader(bytes: Buffer): ZipHeader {
  const header = {
    flags: bytes.readUInt16LE(2),
    method: bytes.readUInt16LE(4),
    time: bytes.readUInt32LE(6),
    crc: bytes.readUInt32LE(10),
    packed: bytes.readUInt32LE(14),
    size: bytes.readUInt32LE(18),
    nameBytes: bytes.readUInt16LE(22),
    extraBytes: bytes.readUInt16LE(24),
  }
  if ((header.flags & ~ALLOWED_FLAGS) !== 0) refuse('E_ARCHIVE_FORMAT', 'a zip entry is encrypted or has unknown flags')
  if (header.method !== 0 && header.method !== 8)
    refuse('E_ARCHIVE_COMPRESSION', `zip method ${header.method} is not allowed`)
  return header
}

/** Checks a name's encoding and the extra fields of one header; refuses E_ARCHIVE_PATH and E_ARCHIVE_FORMAT. */
export function checkNameAndExtra(header: ZipHeader, name: Uint8Array, extra: Buffer): void {
  if ((header.flags & 0x800) === 0 && name.some(byte => byte >= 0x80))
    refuse('E_ARCHIVE_PATH', 'a zip name is not marked UTF-8')
  for (let at = 0; at < extra.length; ) {
    if (at + 4 > extra.length) refuse('E_ARCHIVE_FORMAT', 'a zip extra field is cut off')
    const id = extra.readUInt16LE(at)
    if (!ALLOWED_EXTRAS.has(id) && !repeatsSizes(header, extra.subarray(at)))
      refuse('E_ARCHIVE_FORMAT', `zip extra field 0x${id.toString(16)} is not allowed`)
    at += 4 + extra.readUInt16LE(at + 2)
    if (at > extra.length) refuse('E_ARCHIVE_FORMAT', 'a zip extra field is cut off')
  }
}

/** Whether a field is zip64's and only repeats the sizes in the header, as Python writes it when told to expect a large file. */
function repeatsSizes(header: ZipHeader, field: Buffer): boolean {
  if (field.length < 20 || field.readUInt16LE(0) !== 1 || field.readUInt16LE(2) !== 16) return false
  return field.readBigUInt64LE(4) === BigInt(header.size) && field.readBigUInt64LE(12) === BigInt(header.packed)
}

/** Host number of Unix in "version made by": its upper attribute bits are a file mode. */
const UNIX = 3

/** The Unix permissions in a central header, null when it has none; refuses links, devices and special bits. */
export function permissionsOf(madeBy: number, attributes: number, directory: boolean): number | null {
  const mode = attributes >>> 16
  if (madeBy >> 8 !== UNIX || mode === 0) return null
  const type = mode & 0o170000
  if (type === 0o120000) refuse('E_ARCHIVE_LINK', 'a zip entry is a link')
  if (type !== 0 && type !== (directory ? 0o040000 : 0o100000))
    refuse('E_ARCHIVE_TYPE', 'a zip entry is not a plain file')
  if ((mode & 0o7000) !== 0) refuse('E_ARCHIVE_MODE', `a zip entry has mode ${mode.toString(8)}`)
  return mode & 0o777
}
