import { parsePackageSpec, type ReleaseName, type ReleaseSummary, releaseNameOf } from '../../../protocol/index.ts'
import { quoted, refuse } from '../refusal.ts'

/** What a package says of itself, read from the manifest inside its archive. */
export interface PackageManifest {
  readonly purl: ReleaseName
  /** Name and version as the manifest spells them; `purl` is normalised. */
  readonly name: string
  readonly version: string
  /** Cut to fit a record; every string NFC and printable. */
  readonly summary: ReleaseSummary
  /** The manifest's exact bytes. */
  readonly manifestBytes: Uint8Array
  readonly manifestMedia: string
  /** The artifact's file name as the ecosystem's own registry has it. */
  readonly fileName: string
  /** The package says of itself that it is not for the public: npm's `"private": true`. */
  readonly isPrivate?: true
}

/** A manifest as its reader returns it: not yet under a package URL. */
export type ManifestDraft = Omit<PackageManifest, 'purl' | 'manifestBytes'>

/** The release that a manifest names; refuses E_ARCHIVE_MANIFEST. */
export function releaseOf(type: 'npm' | 'pypi' | 'cargo', name: string, version: string): ReleaseName {
  const spec = parsePackageSpec(`${type}:${name}`)
  if (!spec.ok) return refuse('E_ARCHIVE_MANIFEST', `name ${quoted(name)}: ${spec.why}`)
  if (spec.value.range !== null) return refuse('E_ARCHIVE_MANIFEST', `${quoted(name)} is not a package name`)
  return (
    releaseNameOf(spec.value.package, version) ?? refuse('E_ARCHIVE_MANIFEST', `${quoted(version)} is not a version`)
  )
}
