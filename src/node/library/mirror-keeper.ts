import type { Clock } from '../../federation/index.ts'
import type { Artifact, PackageState, PublisherId, ReleaseState } from '../../protocol/index.ts'
import type { ArtifactFetcher } from './artifact-fetcher.ts'
import type { Library } from './library.ts'
import { sha256OfRawBlock } from './raw-block.ts'

/** Until what could not be fetched is tried again when nothing changes meanwhile; ms. */
const RETRY_MS = 60_000
/** Artifacts on their way at once. */
const MAX_PARALLEL = 4

export interface MirrorKeeperParts {
  readonly library: Library
  readonly fetcher: ArtifactFetcher
  readonly isMirrored: (publisher: PublisherId) => boolean
  readonly has: (artifact: Artifact) => Promise<boolean>
  /** What could not be fetched now; the next change or connection tries again. */
  readonly onFailed: (artifact: Artifact, why: string) => void
  readonly clock: Clock
}

interface Wanted {
  readonly artifact: Artifact
  readonly publisher: PublisherId
}

/**
 * Keeps the bytes of mirrored publishers here: whenever something changes it asks the catalogue what should be held,
 * and fetches what is not. It keeps no list of its own, so nothing a stranger sends can fill one.
 */
export class MirrorKeeper implements AsyncDisposable {
  readonly #parts: MirrorKeeperParts
  readonly #abort = new AbortController()
  readonly #stop: () => void
  #running: Promise<void> | null = null
  #again = false
  #failed = false
  #cancelRetry = () => {}

  constructor(parts: MirrorKeeperParts) {
    this.#parts = parts
    this.#stop = parts.library.onChange((_records, touched) => {
      if (touched.some(({ publisher }) => parts.isMirrored(publisher))) this.look()
    })
  }

  /** Something may be missing: relations changed, a peer connected, bytes were found altered. */
  look(): void {
    if (this.#abort.signal.aborted) return
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    this.#cancelRetry()
    this.#abort.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#abort.signal.aborted) {
      this.#again = false
      const wanted = this.#wanted()
      this.#failed = false
      await Promise.all(Array.from({ length: MAX_PARALLEL }, () => this.#fetchAll(wanted)))
    }
    this.#cancelRetry()
    if (this.#failed && !this.#abort.signal.aborted) {
      this.#cancelRetry = this.#parts.clock.after(RETRY_MS, () => this.look())
    }
  }

  async #fetchAll(wanted: Generator<Wanted>): Promise<void> {
    for (let next = wanted.next(); !next.done; next = wanted.next()) {
      const { artifact, publisher } = next.value
      if (this.#abort.signal.aborted) return
      try {
        if (await this.#parts.has(artifact)) continue
        const outcome = await this.#parts.fetcher.fetch(artifact, publisher, this.#abort.signal)
        if ('failed' in outcome) this.#fail(artifact, outcome.failed)
      } catch (error) {
        this.#fail(artifact, String(error))
      }
    }
  }

  #fail(artifact: Artifact, why: string): void {
    this.#failed = true
    this.#parts.onFailed(artifact, why)
  }

  *#wanted(): Generator<Wanted> {
    const { library, isMirrored } = this.#parts
    for (const publisher of library.catalogue.publishers().filter(isMirrored)) {
      const packages = [...(library.catalogue.publisher(publisher)?.packages.values() ?? [])]
      for (const artifact of packages.flatMap(artifactsOf)) yield { artifact, publisher }
    }
  }
}

/** Every artifact of a package's live releases. */
function artifactsOf({ releases }: PackageState): Artifact[] {
  const live = [...releases.values()].filter(({ state }) => state === 'live')
  return live.flatMap(release => [...release.artifacts.map(({ artifact }) => artifact), ...manifestOf(release)])
}

/** A manifest too long for its record is kept beside it as bytes of its own. */
function manifestOf({ manifest }: ReleaseState): Artifact[] {
  if (manifest === null || !('cid' in manifest)) return []
  const sha256 = sha256OfRawBlock(manifest.cid)
  return sha256 === null ? [] : [{ name: 'manifest', cid: manifest.cid, size: manifest.size, sha256 }]
}
