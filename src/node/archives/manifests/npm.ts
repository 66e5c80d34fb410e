import { clean } from 'semver'
import { z } from 'zod'
import { quoted, refuse } from '../refusal.ts'
import type { ManifestDraft } from './package-manifest.ts'
import { type Dependency, fitSummary } from './summary.ts'

/** Fields npm itself tolerates in many shapes are read as nothing when the shape is another. */
const looseText = z.string().optional().catch(undefined)
const looseMap = z.record(z.string(), z.unknown()).optional().catch(undefined)
const packageJson = z.object({
  name: z.string().min(1),
  version: z.string().min(1),
  description: looseText,
  keywords: z
    .union([z.array(z.unknown()), z.string()])
    .optional()
    .catch(undefined),
  license: z.unknown().optional(),
  private: z.unknown().optional(),
  scripts: looseMap,
  dependencies: looseMap,
  devDependencies: looseMap,
  peerDependencies: looseMap,
  optionalDependencies: looseMap,
})
type PackageJson = z.infer<typeof packageJson>

/** Scripts that npm runs when the package is installed (docs.npmjs.com, "scripts"). */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall']

/** Reads a package.json; refuses E_ARCHIVE_MANIFEST. */
export function parseNpmManifest(bytes: Uint8Array, hasBindingGyp: boolean): ManifestDraft {
  const manifest = parseJson(bytes)
  const version = clean(manifest.version, { loose: true })
  if (version === null) return refuse('E_ARCHIVE_MANIFEST', `${quoted(manifest.version)} is not a semantic version`)
  const scripts = hasBindingGyp || INSTALL_SCRIPTS.some(name => isText(ownValue(manifest.scripts, name)))
  const summary = fitSummary({
    description: manifest.description,
    keywords: keywordsOf(manifest.keywords),
    license: licenseOf(manifest.license),
    dependencies: dependenciesOf(manifest),
    scripts,
  })
  const bare = manifest.name.slice(manifest.name.lastIndexOf('/') + 1)
  const fileName = `${bare}-${version}.tgz`
  // npm refuses whatever JavaScript takes for true, such as the text "yes".
  const isPrivate = manifest.private ? ({ isPrivate: true } as const) : {}
  return { name: manifest.name, version, summary, manifestMedia: 'application/json', fileName, ...isPrivate }
}

function parseJson(bytes: Uint8Array): PackageJson {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return refuse('E_ARCHIVE_MANIFEST', 'package.json is not JSON')
  }
  const parsed = packageJson.safeParse(value)
  return parsed.success ? parsed.data : refuse('E_ARCHIVE_MANIFEST', 'package.json has no name or no version')
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const ownValue = (map: object | undefined, key: string): unknown => new Map(Object.entries(map ?? {})).get(key)

function keywordsOf(keywords: PackageJson['keywords']): string[] {
  return typeof keywords === 'string' ? keywords.split(/[,\s]+/) : (keywords ?? []).filter(isText)
}

/** The SPDX text, or the `type` of npm's old object form. */
function licenseOf(license: unknown): string | undefined {
  if (typeof license === 'string') return license
  const old = z.object({ type: z.string() }).safeParse(license)
  return old.success ? old.data.type : undefined
}

function dependenciesOf(manifest: PackageJson): Dependency[] {
  const optional = new Set(Object.keys(manifest.optionalDependencies ?? {}))
  const runtime = kindOf(manifest.dependencies, 'runtime').filter(([name]) => !optional.has(name))
  return [
    ...runtime,
    ...kindOf(manifest.optionalDependencies, 'optional'),
    ...kindOf(manifest.peerDependencies, 'peer'),
    ...kindOf(manifest.devDependencies, 'dev'),
  ]
}

function kindOf(map: Record<string, unknown> | undefined, kind: string): Dependency[] {
  return Object.entries(map ?? {}).flatMap(([name, range]) =>
    typeof range === 'string' ? [[name, range, kind] as const] : [],
  )
}
