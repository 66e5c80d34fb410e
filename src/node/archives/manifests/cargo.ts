import { valid } from 'semver'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { quoted, refuse } from '../refusal.ts'
import type { ManifestDraft } from './package-manifest.ts'
import { type Dependency, fitSummary } from './summary.ts'

const looseText = z.string().optional().catch(undefined)
const looseTable = z.record(z.string(), z.unknown()).optional().catch(undefined)
const dependencyTables = { dependencies: looseTable, 'dev-dependencies': looseTable, 'build-dependencies': looseTable }
/** The normalised manifest that `cargo package` writes. */
const cargoToml = z.object({
  package: z.object({
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    version: z.string(),
    description: looseText,
    license: looseText,
    keywords: z.array(z.string()).catch([]),
    build: z.union([z.string(), z.boolean(), z.array(z.string())]).optional(),
  }),
  ...dependencyTables,
  target: z.record(z.string(), z.object(dependencyTables)).optional().catch(undefined),
})
type CargoToml = z.infer<typeof cargoToml>
const dependency = z.union([
  z.string().transform(version => ({ version, optional: false, package: undefined })),
  z.object({ version: z.string().catch('*'), optional: z.boolean().catch(false), package: looseText }),
])

/** Reads a crate's Cargo.toml; refuses E_ARCHIVE_MANIFEST. */
export function parseCargoManifest(bytes: Uint8Array, hasBuildScript: boolean): ManifestDraft {
  const manifest = parseToml(bytes)
  const { name, version, build } = manifest.package
  if (valid(version) === null) return refuse('E_ARCHIVE_MANIFEST', `${quoted(version)} is not a semantic version`)
  const summary = fitSummary({
    ...manifest.package,
    dependencies: dependenciesOf(manifest),
    // Cargo runs build.rs when `build` is not said, too.
    scripts: build === undefined ? hasBuildScript : build !== false,
  })
  return { name, version, summary, manifestMedia: 'application/toml', fileName: `${name}-${version}.crate` }
}

function parseToml(bytes: Uint8Array): CargoToml {
  let value: unknown
  try {
    value = parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return refuse('E_ARCHIVE_MANIFEST', 'Cargo.toml is not TOML')
  }
  const parsed = cargoToml.safeParse(value)
  return parsed.success ? parsed.data : refuse('E_ARCHIVE_MANIFEST', 'Cargo.toml has no valid package table')
}

function dependenciesOf(manifest: CargoToml): Dependency[] {
  const tables = [manifest, ...Object.values(manifest.target ?? {})]
  return tables.flatMap(table => [
    ...kindOf(table.dependencies, 'runtime'),
    ...kindOf(table['build-dependencies'], 'build'),
    ...kindOf(table['dev-dependencies'], 'dev'),
  ])
}

function kindOf(table: Record<string, unknown> | undefined, kind: string): Dependency[] {
  return Object.entries(table ?? {}).flatMap(([name, value]) => {
    const parsed = dependency.safeParse(value)
    if (!parsed.success) return []
    const optional = parsed.data.optional && kind === 'runtime'
    return [[parsed.data.package ?? name, parsed.data.version, optional ? 'optional' : kind] as const]
  })
}
