import { quoted, refuse } from './refusal.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** What Windows forbids in a name, and what no terminal should print: controls and direction marks. */
const FORBIDDEN = /[\\:<>"|?*\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/u
/** Names that Windows gives to devices, with any extension; superscript digits count (learn.microsoft.com, "Naming Files"). */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?: *\..*)?$/i

/** A path of an archive as its components: relative, NFC, safe on every system; refuses E_ARCHIVE_PATH. */
export function parseArchivePath(bytes: Uint8Array, limits: { pathBytes: number; depth: number }): readonly string[] {
  if (bytes.length === 0) refuse('E_ARCHIVE_PATH', 'a path is empty')
  if (bytes.length > limits.pathBytes) refuse('E_ARCHIVE_PATH', `a path has more than ${limits.pathBytes} bytes`)
  const path = decodeUtf8(bytes)
  if (path.normalize('NFC') !== path) refuse('E_ARCHIVE_PATH', `${quoted(path)} is not in Unicode form NFC`)
  if (path.startsWith('/')) refuse('E_ARCHIVE_PATH', `${quoted(path)} is absolute`)
  const parts = path.split('/')
  if (parts.length > limits.depth) refuse('E_ARCHIVE_PATH', `${quoted(path)} is deeper than ${limits.depth}`)
  for (const part of parts) checkName(part, path)
  return parts
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes)
  } catch {
    return refuse('E_ARCHIVE_PATH', 'a path is not UTF-8')
  }
}

function checkName(name: string, path: string): void {
  if (name === '' || name === '.') refuse('E_ARCHIVE_PATH', `${quoted(path)} has an empty component`)
  if (name === '..') refuse('E_ARCHIVE_PATH', `${quoted(path)} leaves its folder`)
  if (FORBIDDEN.test(name)) refuse('E_ARCHIVE_PATH', `${quoted(path)} has a forbidden character`)
  if (name.endsWith('.') || name.endsWith(' ')) refuse('E_ARCHIVE_PATH', `${quoted(path)} ends in a dot or a space`)
  if (DEVICE.test(name)) refuse('E_ARCHIVE_PATH', `${quoted(path)} is a device name on Windows`)
}
