import type { CapturedFiles } from '../captured-files.ts'
import type { ArchiveContents } from '../entry.ts'
import type { ArchiveKind } from '../kind.ts'
import type { ArchiveLimits } from '../limits.ts'
import { quoted, refuse } from '../refusal.ts'
import { checkWheelRecord } from '../wheel-record.ts'
import { parseCargoManifest } from './cargo.ts'
import { parseNpmManifest } from './npm.ts'
import { type ManifestDraft, type PackageManifest, releaseOf } from './package-manifest.ts'
import { normalizedName, parseSdistManifest, parseWheelManifest } from './pypi.ts'
import { isWheelNameOf } from './wheel-tags.ts'

const MANIFEST_OF = { npm: 'package.json', sdist: 'PKG-INFO', crate: 'Cargo.toml' } as const
const PURL_TYPE_OF = { npm: 'npm', wheel: 'pypi', sdist: 'pypi', crate: 'cargo' } as const

/** How many bytes of a file its readers may need, 0 for none. */
export function captureBoundOf(kind: ArchiveKind, limits: ArchiveLimits): (path: string) => number {
  const wanted = kind === 'wheel' ? /^[^/]+\.dist-info\/(?:METADATA|WHEEL)$/ : null
  return path => {
    if (wanted !== null && /^[^/]+\.dist-info\/RECORD$/.test(path)) return limits.recordBytes
    if (wanted !== null) return wanted.test(path) ? limits.manifestBytes : 0
    const parts = path.split('/')
    return parts.length === 2 && parts[1] === MANIFEST_OF[kind as 'npm'] ? limits.manifestBytes : 0
  }
}

/** Reads the manifest of a validated archive and checks it against its folder; `givenName` is the file's name, if it has one. */
export function readManifest(
  kind: ArchiveKind,
  contents: ArchiveContents,
  files: CapturedFiles,
  givenName?: string,
): PackageManifest {
  const root = rootOf(kind, contents)
  const bytes = files.bytesOf(`${root}/${kind === 'wheel' ? 'METADATA' : MANIFEST_OF[kind]}`)
  const draft = draftOf(kind, root, bytes, contents, files, givenName)
  if (kind === 'wheel') checkWheelRecord(root, contents.entries, files)
  return {
    ...draft,
    purl: releaseOf(PURL_TYPE_OF[kind], draft.name, draft.version),
    manifestBytes: Uint8Array.from(bytes),
  }
}

function rootOf(kind: ArchiveKind, contents: ArchiveContents): string {
  const roots = kind === 'wheel' ? contents.roots.filter(name => name.endsWith('.dist-info')) : contents.roots
  const [root] = roots
  if (root === undefined || roots.length > 1)
    return refuse('E_ARCHIVE_ROOT', 'the archive needs exactly one root folder')
  return root
}

function draftOf(
  kind: ArchiveKind,
  root: string,
  bytes: Buffer,
  contents: ArchiveContents,
  files: CapturedFiles,
  given?: string,
): ManifestDraft {
  const has = (name: string) =>
    contents.entries.some(entry => entry.type === 'file' && entry.path === `${root}/${name}`)
  if (kind === 'npm') return parseNpmManifest(bytes, has('binding.gyp'))
  if (kind === 'wheel') {
    const draft = parseWheelManifest(bytes, files.bytesOf(`${root}/WHEEL`), given)
    checkStem(root.slice(0, -'.dist-info'.length), draft)
    return draft
  }
  const draft = kind === 'sdist' ? parseSdistManifest(bytes, root) : parseCargoManifest(bytes, has('build.rs'))
  checkStem(root, draft)
  return draft
}

/** Refuses E_ARCHIVE_MISMATCH unless a folder or file stem is NAME-VERSION of the manifest. */
function checkStem(stem: string, draft: ManifestDraft): void {
  if (!isStemOf(stem, draft))
    refuse(
      'E_ARCHIVE_MISMATCH',
      `the manifest says ${quoted(`${draft.name}-${draft.version}`)}, the folder ${quoted(stem)}`,
    )
}

function isStemOf(stem: string, draft: ManifestDraft): boolean {
  const versions = [draft.version, draft.version.replaceAll('-', '_')]
  const version = versions.find(text => stem.endsWith(`-${text}`))
  return version !== undefined && normalizedName(stem.slice(0, -version.length - 1)) === normalizedName(draft.name)
}

/** Refuses E_ARCHIVE_MISMATCH when a file name that its user relies on names another package than the manifest. */
export function checkFileName(kind: ArchiveKind, fileName: string, manifest: PackageManifest): void {
  if (kind === 'npm') return
  const agrees =
    kind === 'wheel'
      ? isWheelNameOf(fileName, manifest.name, manifest.version)
      : isStemOf(fileName.replace(kind === 'sdist' ? /\.tar\.gz$/ : /\.crate$/, ''), manifest)
  if (!agrees) refuse('E_ARCHIVE_MISMATCH', `${quoted(fileName)} is not the file name of ${quoted(manifest.purl)}`)
}
