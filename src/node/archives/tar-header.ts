import { quoted, refuse } from './refusal.ts'

/** Bytes of one tar block (POSIX.1-2024 pax, "ustar Interchange Format"). */
export const BLOCK_BYTES = 512

/** One header block, fields parsed, checksum verified, not yet judged. */
export interface TarHeader {
  /** Path bytes; ustar's prefix joined. */
  readonly path: Uint8Array
  /** Whether the magic is GNU's: then long names come in `L` entries, and there is no prefix. */
  readonly gnu: boolean
  /** Type flag as a character; NUL reads as `0`. */
  readonly flag: string
  readonly size: number
  readonly mode: number
  /** Seconds since 1970; null when the field is blank. */
  readonly mtime: number | null
}

/** Reads one header block; refuses E_ARCHIVE_FORMAT, E_ARCHIVE_CHECKSUM, E_ARCHIVE_MODE, E_ARCHIVE_LINK and E_ARCHIVE_TYPE. */
export function parseTarHeader(block: Uint8Array): TarHeader {
  checkChecksum(block)
  const gnu = isGnu(block)
  const flag = flagOf(block)
  if (textOf(block, 157, 100).length > 0) refuse('E_ARCHIVE_LINK', 'a file has a link name')
  if ((octal(block, 329, 8, 'devmajor') ?? 0) !== 0 || (octal(block, 337, 8, 'devminor') ?? 0) !== 0) {
    refuse('E_ARCHIVE_TYPE', 'a file has a device number')
  }
  return {
    path: pathOf(block, gnu),
    gnu,
    flag,
    size: octal(block, 124, 12, 'size') ?? 0,
    mode: modeOf(block),
    mtime: octal(block, 136, 12, 'mtime'),
  }
}

function isGnu(block: Uint8Array): boolean {
  const magic = Buffer.from(block.subarray(257, 265)).toString('latin1')
  if (magic === 'ustar\u000000') return false
  if (magic !== 'ustar  \0') refuse('E_ARCHIVE_FORMAT', 'a tar header is neither ustar nor GNU')
  if (block.subarray(345, 512).some(byte => byte !== 0)) refuse('E_ARCHIVE_FORMAT', 'a GNU header has extra fields')
  return true
}

/** Links and devices are refused here, so that nothing behind this line knows of them. */
function flagOf(block: Uint8Array): string {
  const flag = block[156] === 0 ? '0' : String.fromCharCode(block[156]!)
  if (flag === '1' || flag === '2') refuse('E_ARCHIVE_LINK', `${quoted(rawName(block))} is a link`)
  if (!'05xL'.includes(flag)) refuse('E_ARCHIVE_TYPE', `${quoted(rawName(block))} has tar type ${quoted(flag)}`)
  return flag
}

function modeOf(block: Uint8Array): number {
  const mode = octal(block, 100, 8, 'mode') ?? 0o644
  const permissions = mode & 0o7777
  const type = mode - permissions
  const plain = type === 0 || type === 0o100000 || type === 0o040000
  if (!plain || permissions > 0o777) refuse('E_ARCHIVE_MODE', `${quoted(rawName(block))} has mode ${mode.toString(8)}`)
  return permissions
}

function pathOf(block: Uint8Array, gnu: boolean): Uint8Array {
  const name = textOf(block, 0, 100)
  const prefix = gnu ? new Uint8Array() : textOf(block, 345, hasTimes(block) ? 131 : 155)
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name])
}

/** Whether the prefix ends in star's access and change times, as node-tar writes them: every reader stops at the NUL before. */
function hasTimes(block: Uint8Array): boolean {
  const tail = Buffer.from(block.subarray(475, 500)).toString('latin1')
  return /^\0[0-7]{11}[ \0][0-7]{11}[ \0]$/.test(tail)
}

const rawName = (block: Uint8Array) => Buffer.from(textOf(block, 0, 100)).toString('utf8')

/** Bytes before the first NUL; what comes after it must be NUL too, or two readers could see two names. */
function textOf(block: Uint8Array, offset: number, length: number): Uint8Array {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  if (end === -1) return field
  if (field.subarray(end).some(byte => byte !== 0)) refuse('E_ARCHIVE_FORMAT', 'a tar text field goes on after its end')
  return field.subarray(0, end)
}

/** Octal digits between optional spaces and NULs; null when blank. Base-256 is refused: no value within the limits needs it. */
function octal(block: Uint8Array, offset: number, length: number, what: string): number | null {
  const field = Buffer.from(block.subarray(offset, offset + length)).toString('latin1')
  const match = /^ *([0-7]*)[ \0]*$/.exec(field)
  if (match === null) refuse('E_ARCHIVE_FORMAT', `a tar header's ${what} is not an octal number`)
  return match[1] === '' ? null : Number.parseInt(match[1]!, 8)
}

function checkChecksum(block: Uint8Array): void {
  let sum = 0
  for (let index = 0; index < BLOCK_BYTES; index++) sum += index >= 148 && index < 156 ? 32 : block[index]!
  if (octal(block, 148, 8, 'checksum') !== sum) refuse('E_ARCHIVE_CHECKSUM', 'a tar header has a wrong checksum')
}
