import {
  isPlainFileName,
  type ReleaseName,
  type ReleaseSummary,
  releaseNameOf,
  shortNameOf,
} from '../../protocol/index.ts'
import { type ArchiveKind, type InspectedArchive, inspectArchive } from '../archives/index.ts'
import { NodeError } from '../errors.ts'
import { parseSpec } from './find-package.ts'
import { requireMayBePublic } from './may-be-public.ts'
import { kindOf } from './publishable-kind.ts'

/** What is to be released, read from the archive itself. */
export interface Draft {
  readonly purl: ReleaseName
  readonly fileName: string
  readonly summary: ReleaseSummary
  readonly integrity: readonly string[]
  readonly manifest: { readonly bytes: Uint8Array; readonly media: string } | null
}

/** What is said of a file before it is read. */
export interface DraftRequest {
  /** The file's own name. */
  readonly name: string
  readonly public: boolean
  readonly purl?: string
  /** What the file has to be; by default its name and first bytes say so. */
  readonly kind?: ArchiveKind
}

/** Reads a file as what it is: an archive says its own name, any other file has the one it is given. @throws NodeError E_ARCHIVE_… */
export async function draftOf(
  path: string,
  { name, purl, public: isPublic, kind: known }: DraftRequest,
): Promise<Draft> {
  const named = purl === undefined ? null : parseReleaseName(purl)
  const kind = known ?? (await kindOf(path, name, named))
  if (kind === 'file') return fileDraftOf(name, named)
  const inspection = await inspectArchive({ path }, kind)
  if (!inspection.ok) throw new NodeError(inspection.code, inspection.why)
  requireAgreement(inspection, named)
  if (isPublic) requireMayBePublic(inspection.manifest)
  const { manifest, sha512, sha1 } = inspection
  return {
    purl: manifest.purl,
    fileName: plainNameOf(manifest.fileName),
    summary: manifest.summary,
    integrity: [sha512, `sha1-${Buffer.from(sha1, 'hex').toString('base64')}`],
    manifest: { bytes: manifest.manifestBytes, media: manifest.manifestMedia },
  }
}

function fileDraftOf(name: string, named: ReleaseName | null): Draft {
  if (named === null) {
    throw new NodeError(
      'E_USAGE',
      `${JSON.stringify(name.slice(0, 80))} is no archive that this node reads a name from`,
      {
        hint: 'name it: --purl pkg:generic/NAME@VERSION',
      },
    )
  }
  return { purl: named, fileName: plainNameOf(name), summary: {}, integrity: [], manifest: null }
}

/** Reads `--purl`, in full or short form, which here must name a version. @throws NodeError E_PURL */
function parseReleaseName(text: string): ReleaseName {
  const { package: name, range } = parseSpec(text)
  const release = range === null ? null : releaseNameOf(name, range)
  if (release !== null) return release
  throw new NodeError('E_PURL', `${text.slice(0, 120)} names no version`, {
    hint: `--purl ${shortNameOf(name)}@VERSION`,
  })
}

function requireAgreement({ manifest }: InspectedArchive, named: ReleaseName | null): void {
  if (named === null || named === manifest.purl) return
  throw new NodeError('E_ARCHIVE_MISMATCH', `the archive says ${manifest.purl}, --purl says ${named}`)
}

/** Whoever installs the release writes a file of this name. @throws NodeError E_FILE_NAME */
function plainNameOf(name: string): string {
  if (isPlainFileName(name)) return name
  throw new NodeError('E_FILE_NAME', `${JSON.stringify(name.slice(0, 80))} is no file name that works everywhere`, {
    hint: 'rename the file: letters, digits and . _ - + @ ! ~ only, such as chart-7.bin',
  })
}
