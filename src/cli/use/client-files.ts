import { bunfigWith } from './bunfig-text.ts'
import { DENO_FILES, denoFilesOf, denoOpenPointOf } from './deno-files.ts'
import { npmrcValue, npmrcWith } from './npmrc-text.ts'
import type { PrivateNames } from './private-names.ts'
import { yamlWith } from './yaml-text.ts'

export const CLIENTS = ['npm', 'pnpm', 'yarn', 'bun'] as const
export type Client = (typeof CLIENTS)[number]

/** One file of a client's configuration, and how it changes. */
export interface ClientFile {
  /** Below the project's folder. */
  readonly name: string
  readonly change: (text: string) => string
}

/** What a client is to be told. */
export interface ClientUse {
  readonly client: Client
  /** Of the npm front, with a slash at its end. */
  readonly registry: string
  /** `@acme`; null: every name. */
  readonly scope: string | null
  /** What the client's own age gate is to let pass. */
  readonly privateNames: PrivateNames
  /** `packageManager` of the project's package.json, such as `yarn@4.12.0`. */
  readonly packageManager: string | null
  /** Names of the files in the project's folder. */
  readonly present: ReadonlySet<string>
}

/** Every file that `hanse use` may have changed, for `--undo`. */
export const FILES_OF: Readonly<Record<Client, readonly string[]>> = {
  npm: ['.npmrc', ...DENO_FILES],
  pnpm: ['.npmrc', 'pnpm-workspace.yaml'],
  yarn: ['.npmrc', '.yarnrc.yml'],
  bun: ['.npmrc', 'bunfig.toml'],
}

/** The files that make a client use this registry. npm, deno, pnpm, bun and yarn 1 all read the project's `.npmrc`, yarn 2 and later never. */
export function clientFilesOf(use: ClientUse): readonly ClientFile[] {
  const npmrc = { name: '.npmrc', change: (text: string) => npmrcOf(text, use) }
  const yarnYaml = { name: '.yarnrc.yml', change: (text: string) => yarnrc(text, use) }
  if (use.client === 'yarn' && isYarnWithYaml(use)) return [yarnYaml]
  if (use.client === 'yarn' && isYarnUnknown(use)) return [npmrc, yarnYaml]
  if (use.client === 'npm') return [npmrc, ...denoFilesOf(use)]
  if (use.client === 'bun' && use.present.has('bunfig.toml')) {
    return [npmrc, { name: 'bunfig.toml', change: text => bunfigWith(text, use.privateNames.names) }]
  }
  return hasPnpmAgeGate(use) ? [npmrc, { name: 'pnpm-workspace.yaml', change: text => pnpmYaml(text, use) }] : [npmrc]
}

/** What stays open after the files are written, for people; null: nothing. */
export function openPointOf(use: ClientUse): string | null {
  if (use.client === 'npm') return denoOpenPointOf(use)
  const hasGate = (use.client === 'yarn' && (isYarnWithYaml(use) || isYarnUnknown(use))) || use.client === 'pnpm'
  if (!hasGate) return null
  const again = `and run hanse use ${use.client} again`
  if (versionOf(use, use.client) === null && !hasPnpmAgeGate(use) && !hasYarnAgeGate(use)) {
    return `newer ${use.client}s hold releases younger than a day, private ones too: name yours as "packageManager" in package.json, ${again}`
  }
  if (use.privateNames.patterns.length > 0 || !(hasPnpmAgeGate(use) || hasYarnAgeGate(use))) return null
  return `${use.client} holds releases younger than a day, private ones too, and this node has released none yet: publish one ${again}, or say --scope @acme`
}

/** The version of a package manager that the project names. */
function versionOf({ packageManager }: ClientUse, name: string): readonly [number, number] | null {
  const found = new RegExp(`^${name}@(\\d+)\\.(\\d+)`).exec(packageManager ?? '')
  return found === null ? null : [Number(found[1]), Number(found[2])]
}

function isYarnWithYaml(use: ClientUse): boolean {
  const version = versionOf(use, 'yarn')
  return version === null ? use.present.has('.yarnrc.yml') && !use.present.has('.npmrc') : version[0] >= 2
}

/** Whether nothing says which yarn it is: told in one file alone, the yarn that reads the other would go past the node unnoticed. */
function isYarnUnknown(use: ClientUse): boolean {
  return versionOf(use, 'yarn') === null && !isYarnWithYaml(use)
}

/** Older yarns refuse settings they do not know: the exemption from its age gate came with 4.10. */
function hasYarnAgeGate(use: ClientUse): boolean {
  const version = versionOf(use, 'yarn')
  return use.client === 'yarn' && version !== null && (version[0] > 4 || (version[0] === 4 && version[1] >= 10))
}

/** pnpm 10.17 exempts patterns from its age gate, and 11 has one that is on by itself; older ones want other things of this file. */
function hasPnpmAgeGate(use: ClientUse): boolean {
  if (use.client !== 'pnpm') return false
  const version = versionOf(use, 'pnpm')
  if (version === null) return use.present.has('pnpm-workspace.yaml')
  return version[0] > 10 || (version[0] === 10 && version[1] >= 17)
}

/** npm's age gate is off until a project sets it. */
function npmrcOf(text: string, { client, registry, scope, privateNames }: ClientUse): string {
  const settings = new Map([[scope === null ? 'registry' : `${scope}:registry`, registry]])
  const isGated = client === 'npm' && npmrcValue(text, 'min-release-age') !== null
  const exempt = isGated ? privateNames.patterns.map(name => ['min-release-age-exclude', name] as const) : []
  return npmrcWith(text, settings, exempt)
}

function pnpmYaml(text: string, { privateNames }: ClientUse): string {
  return yamlWith(text, { texts: new Map(), entries: listOf('minimumReleaseAgeExclude', privateNames) })
}

/** One entry for each pattern of a YAML list; no list where there is no pattern. */
function listOf(key: string, { patterns }: PrivateNames): Map<string, readonly string[]> {
  return new Map(patterns.length === 0 ? [] : [[key, patterns.map(pattern => `- ${JSON.stringify(pattern)}`)]])
}

function yarnrc(text: string, use: ClientUse): string {
  const { registry, scope } = use
  const url = registry.replace(/\/$/, '')
  const entries = new Map<string, readonly string[]>()
  if (scope !== null) {
    entries.set('npmScopes', [`${scope.slice(1)}:`, `  npmRegistryServer: ${JSON.stringify(url)}`])
  }
  if (hasYarnAgeGate(use)) {
    for (const [key, lines] of listOf('npmPreapprovedPackages', use.privateNames)) entries.set(key, lines)
  }
  const { protocol, hostname } = new URL(registry)
  if (protocol === 'http:') entries.set('unsafeHttpWhitelist', [`- "${hostname}"`])
  return yamlWith(text, { texts: new Map(scope === null ? [['npmRegistryServer', url]] : []), entries })
}
