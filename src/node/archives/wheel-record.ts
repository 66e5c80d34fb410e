import type { CapturedFiles } from './captured-files.ts'
import type { ArchiveEntry } from './entry.ts'
import { quoted, refuse } from './refusal.ts'

/** Checks that RECORD lists every file once with its sha-256 and size, itself and its signatures aside (binary distribution format); refuses E_ARCHIVE_RECORD. */
export function checkWheelRecord(distInfo: string, entries: readonly ArchiveEntry[], files: CapturedFiles): void {
  const exempt = new Set(['RECORD', 'RECORD.jws', 'RECORD.p7s'].map(name => `${distInfo}/${name}`))
  const sizes = new Map(entries.filter(entry => entry.type === 'file').map(entry => [entry.path, entry.size]))
  const listed = new Set<string>()
  for (const [path, digest, size] of recordLines(files.bytesOf(`${distInfo}/RECORD`))) {
    if (listed.has(path)) refuse('E_ARCHIVE_RECORD', `RECORD lists ${quoted(path)} twice`)
    listed.add(path)
    if (!sizes.has(path)) refuse('E_ARCHIVE_RECORD', `RECORD lists ${quoted(path)}, which is not there`)
    if (exempt.has(path) && digest === '') continue
    requireDigest(path, digest, files.digestOf(path) ?? '')
    if (size !== '' && size !== String(sizes.get(path)))
      refuse('E_ARCHIVE_RECORD', `RECORD has another size of ${quoted(path)}`)
  }
  for (const path of sizes.keys()) {
    if (!listed.has(path) && !exempt.has(path)) refuse('E_ARCHIVE_RECORD', `RECORD does not list ${quoted(path)}`)
  }
}

/** `actual` is base64url without padding, as RECORD has it. */
function requireDigest(path: string, listed: string, actual: string): void {
  if (listed === `sha256=${actual}`) return
  const name = quoted(path)
  if (listed === '') refuse('E_ARCHIVE_RECORD', `RECORD has no digest of ${name}`)
  if (!listed.startsWith('sha256=')) {
    refuse('E_ARCHIVE_RECORD', `RECORD has a digest of ${name} that is no sha256, the one kind that is read here`)
  }
  const value = listed.slice('sha256='.length)
  if (value.toLowerCase() === Buffer.from(actual, 'base64url').toString('hex')) {
    refuse('E_ARCHIVE_RECORD', `RECORD writes the digest of ${name} in hex; it belongs there in base64url`)
  }
  if (value === Buffer.from(actual, 'base64url').toString('base64').replace(/=+$/, '')) {
    refuse('E_ARCHIVE_RECORD', `RECORD writes the digest of ${name} in base64; it belongs there in base64url`)
  }
  refuse('E_ARCHIVE_RECORD', `RECORD has another digest of ${name}`)
}

/** One CSV line: a path, quoted where it holds a comma, a digest, a size. */
const LINE = /^(?:"((?:[^"]|"")*)"|([^",]*)),([^,]*),([0-9]*)$/

function* recordLines(bytes: Buffer): Generator<readonly [string, string, string]> {
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    if (line === '') continue
    const match = LINE.exec(line)
    if (match === null) return refuse('E_ARCHIVE_RECORD', 'RECORD has a line that is not PATH,DIGEST,SIZE')
    yield [match[1]?.replaceAll('""', '"') ?? match[2]!, match[3]!.replace(/=+$/, ''), match[4]!]
  }
}
