import { basename } from 'node:path'
import { ByteSource } from './byte-source.ts'
import { CapturedFiles } from './captured-files.ts'
import { type ArchiveSource, type Digests, type Download, openDownload } from './download.ts'
import type { ArchiveContents, ArchiveEntry } from './entry.ts'
import { gunzipOne } from './gzip.ts'
import type { ArchiveKind } from './kind.ts'
import { ARCHIVE_LIMITS, type ArchiveLimits } from './limits.ts'
import type { PackageManifest } from './manifests/package-manifest.ts'
import { captureBoundOf, checkFileName, readManifest } from './manifests/read-manifest.ts'
import { type ArchiveCode, Refusal } from './refusal.ts'
import { readTar } from './tar.ts'
import { checkRatio, meterOf } from './unpacked-meter.ts'
import { readZip } from './zip.ts'

export interface InspectOptions {
  readonly signal?: AbortSignal
  readonly limits?: Partial<ArchiveLimits>
  /** A name under which the file was given, which must then agree with the manifest. */
  readonly fileName?: string
}

/** The answer to one archive. */
export type Inspection = InspectedArchive | { readonly ok: false; readonly code: ArchiveCode; readonly why: string }

/** An archive that kept the profile, with its manifest and the digests of its bytes. */
export interface InspectedArchive extends Digests {
  readonly ok: true
  readonly manifest: PackageManifest
  readonly entries: readonly ArchiveEntry[]
  readonly unpackedBytes: number
}

/** Reads an archive once, front to back, extracting nothing, against the profile of DESIGN section 8; throws only what source and signal throw. */
export async function inspectArchive(
  source: ArchiveSource,
  kind: ArchiveKind,
  options: InspectOptions = {},
): Promise<Inspection> {
  const limits = { ...ARCHIVE_LIMITS, ...options.limits }
  try {
    await using download = await openDownload(source, limits.artifactBytes, options.signal)
    const files = new CapturedFiles(captureBoundOf(kind, limits), kind === 'wheel')
    const contents = await readContents(download, kind, limits, files)
    const digests = download.digests()
    checkRatio(contents.unpackedBytes, digests.size)
    const givenName = options.fileName ?? ('path' in source ? basename(source.path) : undefined)
    const manifest = readManifest(kind, contents, files, givenName)
    if (options.fileName !== undefined) checkFileName(kind, options.fileName, manifest)
    return { ok: true, manifest, entries: contents.entries, unpackedBytes: contents.unpackedBytes, ...digests }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, code: error.code, why: error.message }
    throw error
  }
}

async function readContents(
  download: Download,
  kind: ArchiveKind,
  limits: ArchiveLimits,
  files: CapturedFiles,
): Promise<ArchiveContents> {
  const meter = meterOf(limits, download.size)
  const open = (path: string) => files.open(path)
  if (kind === 'wheel') return readZip(download.bytes, limits, open, meter)
  const unpacked = gunzipOne(download.bytes)
  try {
    const next = async () => {
      const result = await unpacked.next()
      if (result.done) return undefined
      meter.count(result.value.length)
      return result.value
    }
    return await readTar(new ByteSource(next), limits, open)
  } finally {
    await unpacked.return()
  }
}
