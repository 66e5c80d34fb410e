import { join } from 'node:path'
import { cacheKeysIn, lastWrittenAt } from '../cache/index.ts'
import type { NpmPackument, NpmTarball } from '../registries/npm/index.ts'
import type { ArtifactStore, LevelDatabase } from '../storage/index.ts'
import { cacheKeyOf, FormerNpmCache, UpstreamError, type UpstreamSettings } from '../upstream/index.ts'
import type { OpenedSource } from './lazy-npm-source.ts'

export interface FormerCacheParts {
  readonly settings: UpstreamSettings
  /** Folder of the caches of all upstreams. */
  readonly folder: string
  readonly database: LevelDatabase
  readonly artifacts: Pick<ArtifactStore, 'open'>
}

/**
 * An upstream whose address was changed: until the new one answers for the first time, what the old one gave goes on being
 * served, so that a mistyped or a dead address stops nobody. From the first answer on only the new address counts.
 */
class MovedNpmSource implements OpenedSource {
  readonly #upstream: OpenedSource
  readonly #former: FormerNpmCache
  #hasAnswered = false

  constructor(upstream: OpenedSource, former: FormerNpmCache) {
    this.#upstream = upstream
    this.#former = former
  }

  get isResting(): boolean {
    return this.#upstream.isResting
  }

  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    return await this.#asking(
      () => this.#upstream.packument(name, signal),
      () => this.#former.packument(name),
    )
  }

  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    return await this.#asking(
      () => this.#upstream.tarball(name, version, signal),
      () => this.#former.tarball(name, version),
    )
  }

  async settled(): Promise<void> {
    await this.#upstream.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#upstream[Symbol.asyncDispose]()
  }

  async #asking<T>(ask: () => Promise<T | null>, otherwise: () => Promise<T | null>): Promise<T | null> {
    try {
      const answer = await ask()
      this.#hasAnswered = true
      return answer
    } catch (error) {
      const found = !this.#hasAnswered && isOutOfReach(error) ? await otherwise() : null
      if (found === null) throw error
      return found
    }
  }
}

/** The upstream itself, or with what it had under another address, if it never answered under this one. */
export async function withFormerCache(upstream: OpenedSource, parts: FormerCacheParts): Promise<OpenedSource> {
  const { settings, folder, database, artifacts } = parts
  const current = cacheKeyOf(settings)
  if ((await lastWrittenAt(folder, current)) > 0) return upstream
  const formers = (await cacheKeysIn(folder)).filter(key => key.startsWith(`${settings.name}.`) && key !== current)
  const dated = await Promise.all(formers.map(async key => ({ key, at: await lastWrittenAt(folder, key) })))
  const newest = dated.filter(({ at }) => at > 0).toSorted((a, b) => b.at - a.at)[0]
  if (newest === undefined) return upstream
  return new MovedNpmSource(upstream, new FormerNpmCache(join(folder, newest.key), newest.key, database, artifacts))
}

const isOutOfReach = (error: unknown): boolean =>
  error instanceof UpstreamError && (error.code === 'E_UPSTREAM_DOWN' || error.code === 'E_UPSTREAM_TIMEOUT')
