import type { ManifestFacts } from '../../../protocol/index.ts'
import type { VersionManifest } from './npm-source.ts'

/** Characters of a licence expression; the longest in use name a dozen licences. A longer one is as good as none: cut, it would say something else. */
export const MAX_LICENCE_CHARS = 256
/** Characters kept of a deprecation's reason. */
export const MAX_DEPRECATION_CHARS = 300

/** Scripts that npm runs when a package is installed (docs.npmjs.com, "scripts"). */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'] as const
/** What npm builds by itself where a `binding.gyp` lies and no script says otherwise. */
const IMPLICIT_BUILD = 'binding.gyp'
const NO_SCRIPTS: readonly string[] = []

/** What rules ask of a manifest as npm's registry lists it; whatever has another shape counts as not said. */
export function manifestFactsOf(manifest: VersionManifest): ManifestFacts {
  const { deprecated, dist } = manifest
  return {
    licence: licenceOf(manifest),
    installScripts: installScriptsOf(manifest),
    deprecated: isText(deprecated) ? deprecated.slice(0, MAX_DEPRECATION_CHARS) : null,
    bytes: null,
    unpackedBytes: isSize(dist.unpackedSize) ? dist.unpackedSize : null,
  }
}

/** The SPDX text; npm's old forms are an object with a `type`, and a list of them to choose from. */
function licenceOf({ license, licenses }: VersionManifest): string | null {
  const written = license ?? licenses
  const names = (Array.isArray(written) ? written : [written]).map(nameOfLicence).filter(name => name !== null)
  const expression = names.length > 1 ? names.map(name => `(${name})`).join(' OR ') : (names[0] ?? null)
  return expression === null || expression.length > MAX_LICENCE_CHARS ? null : expression
}

function nameOfLicence(licence: unknown): string | null {
  if (isText(licence)) return licence
  if (typeof licence !== 'object' || licence === null || !('type' in licence)) return null
  return isText(licence.type) ? licence.type : null
}

function installScriptsOf({ scripts, gypfile, hasInstallScript }: VersionManifest): readonly string[] {
  const named = typeof scripts === 'object' && scripts !== null ? (scripts as Record<string, unknown>) : {}
  const found = INSTALL_SCRIPTS.filter(script => Object.hasOwn(named, script) && isText(named[script]))
  const isBuilt = gypfile === true && !found.some(script => script !== 'postinstall')
  const isOnlySaid = hasInstallScript === true && found.length === 0
  if (isBuilt || isOnlySaid) return [IMPLICIT_BUILD, ...found]
  return found.length === 0 ? NO_SCRIPTS : found
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
