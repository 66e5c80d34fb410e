import type { NpmPackument, NpmSource, NpmTarball } from '../registries/npm/npm-source.ts'
import { UpstreamError } from '../upstream/errors.ts'
import { expectedDigestsOf } from '../upstream/npm/npm-digest.ts'
import type { UpstreamWord } from './upstream-word.ts'

/** An upstream as it is opened. */
interface Upstream extends NpmSource, AsyncDisposable {
  readonly isResting: boolean
  settled(): Promise<void>
}

/**
 * An upstream with the federation behind it: its own documents are compared with what others state, and what it cannot give now
 * comes from publishers allowed for origin, if they have it. What it says it does not have is nowhere.
 */
export class SharedNpmSource implements Upstream {
  readonly #upstream: Upstream
  readonly #word: UpstreamWord

  constructor(upstream: Upstream, word: UpstreamWord) {
    this.#upstream = upstream
    this.#word = word
  }

  get isResting(): boolean {
    return this.#upstream.isResting
  }

  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    try {
      const packument = await this.#upstream.packument(name, signal)
      return packument === null ? null : this.#word.compared(name, packument)
    } catch (error) {
      if (!isSilence(error)) throw error
      const made = await this.#word.packument(name, signal)
      if (made === null) throw error
      return made
    }
  }

  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    try {
      return await this.#upstream.tarball(name, version, signal)
    } catch (error) {
      if (!isSilence(error)) throw error
      const found = await this.#fromPeers(name, version, signal)
      if (found === null) throw error
      return found
    }
  }

  async settled(): Promise<void> {
    await this.#upstream.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#word.close()
    await this.#upstream[Symbol.asyncDispose]()
  }

  /** Where the upstream's own document is here, its digest decides; else what publishers stated. */
  async #fromPeers(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    if (!this.#word.knows(name, version)) return null
    const packument = await this.#upstream.packument(name, signal).catch(() => null)
    if (packument === null) return await this.#word.tarball(name, version, null, signal)
    const manifest = packument.document.versions[version]
    const expected = manifest === undefined ? null : expectedDigestsOf(manifest.dist)
    return expected === null ? null : await this.#word.tarball(name, version, expected, signal)
  }
}

const SILENCE: ReadonlySet<UpstreamError['code']> = new Set([
  'E_UPSTREAM_DOWN',
  'E_UPSTREAM_FAILED',
  'E_UPSTREAM_TIMEOUT',
  'E_UPSTREAM_TRUNCATED',
])

/** The upstream could not be asked, or gave no whole answer; what it refuses or gets wrong is its answer. */
function isSilence(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false
  return SILENCE.has(error.code)
}
