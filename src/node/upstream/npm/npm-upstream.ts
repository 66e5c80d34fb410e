import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { NpmPackument, NpmSource, NpmTarball } from '../../registries/npm/npm-source.ts'
import type { ArtifactStore, DeniedBytes, LevelDatabase } from '../../storage/index.ts'
import { cacheKeyOf } from '../cache-key.ts'
import { dispatcherOf } from '../dispatcher.ts'
import { UpstreamError } from '../errors.ts'
import { UPSTREAM_LIMITS, type UpstreamLimits } from '../limits.ts'
import { authorizationOf, extraCertificatesOf } from '../secret-file.ts'
import type { ProxyEnvironment, UpstreamSettings } from '../settings.ts'
import { UpstreamClient } from '../upstream-client.ts'
import { type CameTarball, NpmTarballs } from './npm-tarballs.ts'
import { isPackageName } from './package-name.ts'
import { PackumentCache } from './packument-cache.ts'
import { PackumentFiles } from './packument-files.ts'
import { LevelTarballIndex } from './tarball-index.ts'
import type { TarballPeers } from './tarball-peers.ts'

/** What an upstream needs of the node. */
export interface NpmUpstreamOptions {
  readonly settings: UpstreamSettings
  /** Folder of all upstreams; this one takes `<folder>/<name>.<digest of its URL>`. */
  readonly folder: string
  readonly database: LevelDatabase
  readonly artifacts: Pick<ArtifactStore, 'addPulled' | 'open'>
  readonly proxies: ProxyEnvironment
  readonly limits?: UpstreamLimits
  /** Ms since 1970. */
  readonly now?: () => number
  /** From 0 up to 1. */
  readonly random?: () => number
  /** Told what went wrong where no caller waits for it, digest mismatches included. */
  readonly onProblem?: (problem: unknown) => void
  /** Other nodes that may have tarballs of it. */
  readonly peers?: TarballPeers
  /** Bytes that go to nobody. */
  readonly denied?: DeniedBytes
  /** Told what came; true: it was purged while it was on its way, and is gone again. */
  readonly isPurged?: (tarball: CameTarball) => Promise<boolean>
  /** Asked before a document is kept. @throws StorageError E_DISK_FULL */
  readonly requireRoom?: () => Promise<void>
}

/** Opens an upstream registry that speaks npm's protocol. @throws NodeError E_CONFIG when its secrets cannot be read. */
export async function openNpmUpstream(options: NpmUpstreamOptions): Promise<NpmUpstream> {
  const { settings, proxies, limits = UPSTREAM_LIMITS, now = Date.now, random = Math.random } = options
  const authorization = await authorizationOf(settings)
  const certificates = await extraCertificatesOf(settings)
  const folder = join(options.folder, cacheKeyOf(settings))
  await mkdir(join(folder, 'partial'), { recursive: true, mode: 0o700 })
  const dispatcher = dispatcherOf(settings, certificates, proxies, limits)
  const base = new URL(settings.url)
  const client = new UpstreamClient({ name: settings.name, base, authorization, dispatcher, limits, now, random })
  return new NpmUpstream({ ...options, limits, now }, client, folder)
}

/** A registry that the node pulls through: its documents and tarballs, cached, checked and served when it is down. */
export class NpmUpstream implements NpmSource, AsyncDisposable {
  readonly name: string
  readonly #client: UpstreamClient
  readonly #packuments: PackumentCache
  readonly #tarballs: NpmTarballs
  readonly #closing = new AbortController()
  readonly #problems = new Map<string, number>()

  /** Use `openNpmUpstream`. */
  constructor(
    options: NpmUpstreamOptions & { readonly limits: UpstreamLimits; readonly now: () => number },
    client: UpstreamClient,
    folder: string,
  ) {
    const { settings, database, artifacts, limits, now } = options
    const { trustTime, freshMs } = settings
    const closing = this.#closing.signal
    const onProblem = (problem: unknown) => this.#report(problem, options.onProblem)
    const store = new PackumentFiles(join(folder, 'packuments'), options.requireRoom)
    const index = new LevelTarballIndex(database, cacheKeyOf(settings))
    const partial = join(folder, 'partial')
    this.name = settings.name
    this.#client = client
    const document = { client, store, trustTime, freshMs, totalMs: limits.documentMs, now, closing, onProblem }
    this.#packuments = new PackumentCache(document)
    const packuments = this.#packuments
    const tarball = {
      client,
      packuments,
      artifacts,
      index,
      folder: partial,
      totalMs: limits.tarballMs,
      closing,
      onProblem,
      peers: options.peers,
      denied: options.denied,
      isPurged: options.isPurged,
    }
    this.#tarballs = new NpmTarballs(tarball)
  }

  /** Whether the upstream's own host failed lately and is left alone for now. */
  get isResting(): boolean {
    return this.#client.isResting
  }

  /** Requests sent to the upstream so far. */
  get requests(): number {
    return this.#client.requests
  }

  /** How often what went wrong, by code (`E_DIGEST_MISMATCH`, …). */
  get problems(): ReadonlyMap<string, number> {
    return this.#problems
  }

  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    signal.throwIfAborted()
    return isPackageName(name) ? await this.#packuments.packument(name, signal) : null
  }

  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    signal.throwIfAborted()
    return isPackageName(name) ? await this.#tarballs.tarball(name, version, signal) : null
  }

  /** Resolves when no renewal and no download is under way. */
  async settled(): Promise<void> {
    await this.#packuments.settled()
    await this.#tarballs.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new UpstreamError('E_UPSTREAM_DOWN', `upstream ${this.name} is closing`))
    await this.settled()
    await this.#client[Symbol.asyncDispose]()
  }

  #report(problem: unknown, tell: NpmUpstreamOptions['onProblem']): void {
    if (!this.#closing.signal.aborted) tell?.(problem)
    const { code } = problem as { readonly code?: unknown }
    const key = typeof code === 'string' && /^E_[A-Z_]{1,40}$/.test(code) ? code : 'E_INTERNAL'
    this.#problems.set(key, (this.#problems.get(key) ?? 0) + 1)
  }
}
