import { join } from 'node:path'
import { type Config, MACHINE_UPSTREAM, type UpstreamSetting } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import type { NpmSource } from '../registries/npm/index.ts'
import { SharedNpmSource, type Sharing } from '../sharing/index.ts'
import type { DataDirectory, DeniedBytes, LevelDatabase } from '../storage/index.ts'
import {
  type NpmUpstreamOptions,
  openNpmUpstream,
  proxyEnvironmentOf,
  type UpstreamBook,
  type UpstreamSettings,
  upstreamSettingsSchema,
} from '../upstream/index.ts'
import { LazyNpmSource, type SourceFailure } from './lazy-npm-source.ts'
import { machineRegistryOf } from './machine-registry.ts'
import { withFormerCache } from './moved-npm-source.ts'
import { requireElsewhere, settingsOf, warningsOf } from './upstream-settings.ts'

export interface UpstreamParts {
  readonly paths: Pick<DataDirectory, 'home'>
  readonly database: LevelDatabase
  /** Where an upstream's tarballs are kept. */
  readonly artifactsOf: (upstream: string) => NpmUpstreamOptions['artifacts']
  /** Bytes that go to nobody. */
  readonly denied: DeniedBytes
  /** Told what came; true: it was purged while it was on its way, and is gone again. */
  readonly isPurged: NonNullable<NpmUpstreamOptions['isPurged']>
  /** Asked before a document is kept. @throws StorageError E_DISK_FULL */
  readonly requireRoom: () => Promise<void>
  /** Those of config.yaml, which win over added ones of the same name. */
  readonly configured: Config['upstreams']
  readonly book: UpstreamBook
  /** Variables of the process: npm's own and those of proxies. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly log: (message: string, cause: unknown) => void
  /** What other nodes have of upstreams. */
  readonly sharing?: () => Sharing
}

/** One registry that routes may name. */
export interface UpstreamLine {
  readonly name: string
  /** null for the machine's own as long as nobody asked it. */
  readonly url: string | null
  readonly credentials: 'none' | 'bearer' | 'basic'
  readonly from: 'config.yaml' | 'command' | 'npm of this machine'
  readonly state: LazyNpmSource['state']
  readonly lastFailure: SourceFailure | null
}

interface Live {
  readonly source: LazyNpmSource
  readonly from: UpstreamLine['from']
  /** null until the machine's own is known. */
  settings: UpstreamSettings | null
}

/** The npm registries that routes may name, as they are now: each is opened when it is first asked. */
export class Upstreams implements AsyncDisposable {
  /** Addresses under which clients reach this node: an upstream there would ask itself for ever. */
  readonly ownUrls: string[] = []
  readonly #parts: UpstreamParts
  readonly #live = new Map<string, Live>()

  constructor(parts: UpstreamParts) {
    this.#parts = parts
    const { configured, book } = parts
    for (const [name, setting] of Object.entries(configured)) this.#open(name, 'config.yaml', setting)
    for (const [name, setting] of book.list()) if (!this.#live.has(name)) this.#open(name, 'command', setting)
    if (!this.#live.has(MACHINE_UPSTREAM)) this.#openMachine()
  }

  /** Opens those that are set up without being asked, so that what they hold is known; what fails is tried when somebody asks. */
  async openAll(): Promise<void> {
    await Promise.allSettled([...this.#live.values()].map(({ source }) => source.begin()))
  }

  /** Resolves when no download and no renewal is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#live.values()].map(({ source }) => source.settled()))
  }

  get(name: string): NpmSource | undefined {
    return this.#live.get(name)?.source
  }

  /** Every name that a route may lead to. */
  names(): readonly string[] {
    return [...new Set([...Object.keys(this.#parts.configured), ...this.#live.keys()])]
  }

  list(): readonly UpstreamLine[] {
    return [...this.#live].map(([name, { source, from, settings }]) => ({
      name,
      url: settings?.url ?? null,
      credentials: settings?.credentials.kind ?? 'none',
      from,
      state: source.state,
      lastFailure: source.lastFailure,
    }))
  }

  /** Name and address of those whose address is known. */
  addresses(): readonly Pick<UpstreamSettings, 'name' | 'url'>[] {
    return [...this.#live.values()].flatMap(({ settings }) => settings ?? [])
  }

  /**
   * Adds an upstream that is asked from now on, also after a restart; returns what people should know of it.
   * @throws NodeError E_NAME_TAKEN, E_USAGE, E_CONFIG
   */
  async add(name: string, setting: UpstreamSetting): Promise<readonly string[]> {
    this.#requireFree(name)
    const settings = requireElsewhere(settingsOf(name, setting), this.ownUrls)
    const warnings = await warningsOf(setting, settings)
    this.#requireFree(name)
    await this.#parts.book.put(name, setting)
    if (!this.#live.has(name)) this.#open(name, 'command', setting)
    return warnings
  }

  /** Forgets an added upstream and ends what is under way with it. @throws NodeError E_NOT_FOUND, E_USAGE */
  async remove(name: string): Promise<void> {
    const live = this.#live.get(name)
    if (live === undefined) {
      throw new NodeError('E_NOT_FOUND', `no upstream is called ${name}`, { hint: 'hanse upstream list' })
    }
    if (live.from !== 'command') {
      throw new NodeError('E_USAGE', `upstream ${name} comes from ${live.from}`, {
        hint: `change upstreams.${name} in config.yaml and start the node again`,
      })
    }
    await this.#parts.book.delete(name)
    this.#live.delete(name)
    await live.source[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#live.values()].map(({ source }) => source[Symbol.asyncDispose]()))
  }

  #requireFree(name: string): void {
    const taken = this.#live.get(name)
    if (taken === undefined && !Object.hasOwn(this.#parts.configured, name)) return
    const isMachine = taken?.from === 'npm of this machine'
    const hint = isMachine ? `choose another name; or set upstreams.${name} in config.yaml` : removalOf(name, taken)
    throw new NodeError('E_NAME_TAKEN', `there is an upstream called ${name}: ${taken?.settings?.url ?? ''}`, { hint })
  }

  #open(name: string, from: UpstreamLine['from'], setting: UpstreamSetting): void {
    if (setting.ecosystem !== 'npm') return
    // What cannot be used is said to whoever asks, and must not keep the node from starting.
    const settings = parsedOrNull(name, setting)
    const live = { source: this.#lazy(name, async () => settingsOf(name, setting)), from, settings }
    this.#live.set(name, live)
  }

  #openMachine(): void {
    const source = this.#lazy(MACHINE_UPSTREAM, async () => {
      live.settings = await machineSettings(this.#parts.variables)
      return live.settings
    })
    const live: Live = { source, from: 'npm of this machine', settings: null }
    this.#live.set(MACHINE_UPSTREAM, live)
  }

  #lazy(name: string, settings: () => Promise<UpstreamSettings>): LazyNpmSource {
    const { paths, database, artifactsOf, denied, isPurged, requireRoom, variables, log, sharing } = this.#parts
    const source: LazyNpmSource = new LazyNpmSource(async () => {
      const parsed = requireElsewhere(await settings(), this.ownUrls)
      const word = sharing?.().wordOf(parsed) ?? null
      const upstream = await openNpmUpstream({
        settings: parsed,
        ...(word === null ? {} : { peers: word }),
        folder: upstreamFolderOf(paths.home),
        database,
        artifacts: artifactsOf(name),
        denied,
        isPurged,
        requireRoom,
        proxies: proxyEnvironmentOf(variables),
        onProblem: problem => {
          if (isToldElsewhere(problem)) return
          source.failed(problem)
          log(`upstream ${name}`, problem)
        },
      })
      const former = { settings: parsed, folder: upstreamFolderOf(paths.home), database, artifacts: artifactsOf(name) }
      const kept = await withFormerCache(upstream, former)
      return word === null ? kept : new SharedNpmSource(kept, word)
    })
    return source
  }
}

/** What /readyz and the purge list say once must not fill the log with every package. */
function isToldElsewhere(problem: unknown): boolean {
  const { code } = problem as { readonly code?: unknown }
  return code === 'E_DISK_FULL' || code === 'E_PURGED'
}

/** Folder of the caches of all upstreams. */
export const upstreamFolderOf = (home: string): string => join(home, 'upstream')

const removalOf = (name: string, live: Live | undefined): string =>
  live?.from === 'command' ? `hanse upstream remove ${name}` : `change upstreams.${name} in config.yaml`

function parsedOrNull(name: string, setting: UpstreamSetting): UpstreamSettings | null {
  try {
    return settingsOf(name, setting)
  } catch {
    return null
  }
}

async function machineSettings(variables: UpstreamParts['variables']): Promise<UpstreamSettings> {
  const url = await machineRegistryOf(variables)
  return upstreamSettingsSchema.parse({ name: MACHINE_UPSTREAM, url, trustTime: true })
}
