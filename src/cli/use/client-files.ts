import { npmrcWith } from './npmrc-text.ts'
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
  /** `packageManager` of the project's package.json, such as `yarn@4.12.0`. */
  readonly packageManager: string | null
  /** Names of the files in the project's folder. */
  readonly present: ReadonlySet<string>
}

/** Every file that `hanse use` may have changed, for `--undo`. */
export const FILES_OF: Readonly<Record<Client, readonly string[]>> = {
  npm: ['.npmrc'],
  pnpm: ['.npmrc', 'pnpm-workspace.yaml'],
  yarn: ['.npmrc', '.yarnrc.yml'],
  bun: ['.npmrc'],
}

/** The files that make a client use this registry. npm, pnpm, bun and yarn 1 all read the project's `.npmrc`. */
export function clientFilesOf(use: ClientUse): readonly ClientFile[] {
  if (use.client === 'yarn' && isYarnWithYaml(use)) return [{ name: '.yarnrc.yml', change: text => yarnrc(text, use) }]
  const settings = new Map([[use.scope === null ? 'registry' : `${use.scope}:registry`, use.registry]])
  const npmrc = { name: '.npmrc', change: (text: string) => npmrcWith(text, settings) }
  return hasPnpmAgeGate(use) ? [npmrc, { name: 'pnpm-workspace.yaml', change: text => pnpmYaml(text, use) }] : [npmrc]
}

/** The version of a package manager that the project names. */
function versionOf({ packageManager }: ClientUse, name: string): readonly [number, number] | null {
  const found = new RegExp(`^${name}@(\\d+)\\.(\\d+)`).exec(packageManager ?? '')
  return found === null ? null : [Number(found[1]), Number(found[2])]
}

function isYarnWithYaml(use: ClientUse): boolean {
  const version = versionOf(use, 'yarn')
  return version === null ? use.present.has('.yarnrc.yml') : version[0] >= 2
}

/** Older yarns refuse settings they do not know: the exemption from its age gate came with 4.10. */
const hasYarnAgeGate = (version: readonly [number, number] | null) =>
  version !== null && (version[0] > 4 || (version[0] === 4 && version[1] >= 10))

/** pnpm 10.17 exempts patterns from its age gate; older ones have none, and want other things of this file. */
function hasPnpmAgeGate(use: ClientUse): boolean {
  const version = versionOf(use, 'pnpm')
  const isNew = version !== null && (version[0] > 10 || (version[0] === 10 && version[1] >= 17))
  return use.client === 'pnpm' && use.scope !== null && isNew
}

const pnpmYaml = (text: string, { scope }: ClientUse) =>
  yamlWith(text, { texts: new Map(), entries: new Map([['minimumReleaseAgeExclude', [`- "${scope}/*"`]]]) })

function yarnrc(text: string, use: ClientUse): string {
  const { registry, scope } = use
  const url = registry.replace(/\/$/, '')
  const entries = new Map<string, readonly string[]>()
  if (scope !== null) {
    entries.set('npmScopes', [`${scope.slice(1)}:`, `  npmRegistryServer: ${JSON.stringify(url)}`])
    if (hasYarnAgeGate(versionOf(use, 'yarn'))) entries.set('npmPreapprovedPackages', [`- "${scope}/*"`])
  }
  const { protocol, hostname } = new URL(registry)
  if (protocol === 'http:') entries.set('unsafeHttpWhitelist', [`- "${hostname}"`])
  return yamlWith(text, { texts: new Map(scope === null ? [['npmRegistryServer', url]] : []), entries })
}
