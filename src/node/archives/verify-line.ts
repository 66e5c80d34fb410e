import { parsePurl } from '../../protocol/index.ts'
import { inspectArchive } from './inspect.ts'
import type { ArchiveKind } from './kind.ts'
import type { ArchiveCode } from './refusal.ts'

/** One line of `hanse verify archive`, already parsed. */
export interface VerifyArchiveLine {
  readonly path: string
  readonly as: ArchiveKind
  /** The release that the manifest must be of. */
  readonly purl?: string
}

export type VerifyArchiveVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ArchiveCode | 'E_NOT_FOUND' | 'E_PURL' }

/** The verdict on one archive file; throws only if it cannot be read for another reason than its absence. */
export async function verifyArchiveLine(
  line: VerifyArchiveLine,
  options: { signal?: AbortSignal } = {},
): Promise<VerifyArchiveVerdict> {
  const expected = line.purl === undefined ? null : parsePurl(line.purl)
  if (expected !== null && !expected.ok) return { ok: false, code: 'E_PURL' }
  try {
    const inspection = await inspectArchive({ path: line.path }, line.as, options)
    if (!inspection.ok) return { ok: false, code: inspection.code }
    const found = parsePurl(inspection.manifest.purl)
    const agrees =
      expected === null ||
      (found.ok && found.value.package === expected.value.package && isSameVersion(expected.value, found.value))
    return agrees ? { ok: true } : { ok: false, code: 'E_ARCHIVE_MISMATCH' }
  } catch (error) {
    if (isAbsence(error)) return { ok: false, code: 'E_NOT_FOUND' }
    throw error
  }
}

/** A package URL without version agrees with each of its releases. */
const isSameVersion = (expected: { release: string | null }, found: { release: string | null }) =>
  expected.release === null || expected.release === found.release

/** Codes of a path at which there is no file to read. */
const ABSENCE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])
const isAbsence = (error: unknown) => error instanceof Error && 'code' in error && ABSENCE.has(String(error.code))
