import type { Clock } from '../../federation/index.ts'
import type { Artifact, PackageName, PublisherId } from '../../protocol/index.ts'
import type { ArtifactFetcher } from './artifact-fetcher.ts'
import type { CopyBook } from './copy-book.ts'
import type { Library } from './library.ts'
import { type MirroredArtifact, MirroredPublisher } from './mirrored-publisher.ts'
import { PublisherTurns } from './publisher-turns.ts'
import { unlessDamaged } from './stored-bodies.ts'

/** Artifacts on their way at once. */
const MAX_PARALLEL = 4
/** Of them of one publisher: what it does not have must not keep the others waiting. */
const MAX_PARALLEL_EACH = 3

export interface MirrorKeeperParts {
  readonly library: Pick<Library, 'catalogue' | 'onChange' | 'package'>
  readonly fetcher: Pick<ArtifactFetcher, 'fetch'>
  readonly isMirrored: (publisher: PublisherId) => boolean
  readonly has: (artifact: Artifact) => Promise<boolean>
  /** Asked about what is not here, and told of what is, where copies are counted. */
  readonly copies: Pick<CopyBook, 'isWanted'>
  /** What could not be fetched now; it is tried again, later each time. */
  readonly onFailed: (artifact: Artifact, why: string) => void
  readonly clock: Clock
}

/**
 * Keeps the bytes of mirrored publishers here. Packages that change are looked at again, one publisher after the other; all of
 * them only when told to. What nobody had waits longer with each try.
 */
export class MirrorKeeper implements AsyncDisposable {
  readonly #parts: MirrorKeeperParts
  readonly #abort = new AbortController()
  readonly #stop: () => void
  readonly #publishers = new Map<PublisherId, MirroredPublisher>()
  readonly #turns: PublisherTurns
  readonly #running = new Set<Promise<void>>()

  constructor(parts: MirrorKeeperParts) {
    this.#parts = parts
    this.#turns = new PublisherTurns(parts.clock, () => this.#go())
    this.#stop = parts.library.onChange((_records, touched) => {
      const mirrored = touched.filter(({ publisher }) => parts.isMirrored(publisher))
      for (const { publisher, package: name } of mirrored) this.#add(publisher, [name])
      if (mirrored.length > 0) this.#go()
    })
  }

  /**
   * Looks at everything, or all of some publishers: after a start, when relations changed, when bytes were found altered. Tells at how
   * many packages.
   */
  look(isLookedAt: (publisher: PublisherId) => boolean = () => true): number {
    const { library, isMirrored } = this.#parts
    const publishers = library.catalogue.publishers().filter(isMirrored).filter(isLookedAt)
    const packages = publishers.reduce((sum, publisher) => sum + this.#lookAt(publisher), 0)
    this.#go()
    return packages
  }

  /** A peer came, who may have what nobody had: some of it is tried again now. */
  peerCame(): void {
    const now = this.#parts.clock.now()
    for (const [publisher, queue] of this.#publishers) {
      queue.hasten(now)
      this.#turns.add(publisher)
    }
    this.#go()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    this.#abort.abort()
    this.#turns[Symbol.dispose]()
    await Promise.all(this.#running)
  }

  #of(publisher: PublisherId): MirroredPublisher {
    const known = this.#publishers.get(publisher) ?? new MirroredPublisher()
    this.#publishers.set(publisher, known)
    return known
  }

  #lookAt(publisher: PublisherId): number {
    const packages = [...(this.#parts.library.catalogue.publisher(publisher)?.packages.keys() ?? [])]
    this.#add(publisher, packages)
    return packages.length
  }

  #add(publisher: PublisherId, packages: Iterable<PackageName>): void {
    this.#of(publisher).add(packages)
    this.#turns.add(publisher)
  }

  /** Starts what there is room for. */
  #go(): void {
    if (this.#abort.signal.aborted) return
    while (this.#running.size < MAX_PARALLEL) {
      const next = this.#next(this.#parts.clock.now())
      if (next === null) break
      const work = this.#bring(next.publisher, next.wanted).finally(() => {
        this.#running.delete(work)
        this.#turns.add(next.publisher)
        this.#go()
      })
      this.#running.add(work)
    }
  }

  /** The next artifact of the publisher whose turn it is, which then goes to the end. One with all on its way that it may have waits for it. */
  #next(now: number): { readonly publisher: PublisherId; readonly wanted: MirroredArtifact } | null {
    const { library, isMirrored } = this.#parts
    for (let publisher = this.#turns.take(); publisher !== null; publisher = this.#turns.take()) {
      if (!isMirrored(publisher)) {
        this.#publishers.delete(publisher)
        continue
      }
      const queue = this.#of(publisher)
      if (queue.takeRescan(now)) this.#lookAt(publisher)
      if (queue.running >= MAX_PARALLEL_EACH) continue
      const wanted = queue.next(now, name => unlessDamaged(() => library.package(publisher, name)))
      if (wanted === null) {
        this.#turns.late(publisher, queue.dueAt())
        continue
      }
      this.#turns.add(publisher)
      return { publisher, wanted }
    }
    return null
  }

  async #bring(publisher: PublisherId, wanted: MirroredArtifact): Promise<void> {
    const { has, copies, fetcher, clock } = this.#parts
    const queue = this.#of(publisher)
    try {
      const isHere = await has(wanted.artifact)
      const isWanted = await copies.isWanted(publisher, wanted)
      if (isHere || !isWanted) return queue.held(wanted)
      const outcome = await fetcher.fetch(wanted.artifact, publisher, this.#abort.signal)
      if ('failed' in outcome) return this.#fail(queue, wanted, outcome.failed)
      queue.held(wanted)
      await copies.isWanted(publisher, wanted)
      queue.hasten(clock.now())
    } catch (error) {
      this.#fail(queue, wanted, String(error))
    }
  }

  #fail(queue: MirroredPublisher, wanted: MirroredArtifact, why: string): void {
    queue.failed(wanted, this.#parts.clock.now())
    if (!this.#abort.signal.aborted) this.#parts.onFailed(wanted.artifact, why)
  }
}
