import { abortable } from '../../abortable.ts'
import type { NpmTarball } from '../../registries/npm/npm-source.ts'
import { type ArtifactStore, StorageError } from '../../storage/index.ts'
import { UpstreamError } from '../errors.ts'
import { targetOf } from '../target-guard.ts'
import type { UpstreamClient } from '../upstream-client.ts'
import type { KeptPackument } from './kept-packument.ts'
import { MAX_TARBALL_BYTES } from './limits.ts'
import { expectedDigestsOf } from './npm-digest.ts'
import type { PackumentCache } from './packument-cache.ts'
import { behind } from './rest-of-bytes.ts'
import { TarballDownload } from './tarball-download.ts'
import type { KeptTarball, TarballIndex } from './tarball-index.ts'

export interface NpmTarballsOptions {
  readonly client: UpstreamClient
  readonly packuments: PackumentCache
  readonly artifacts: Pick<ArtifactStore, 'addPulled' | 'open'>
  readonly index: TarballIndex
  /** Folder for large tarballs on their way. */
  readonly folder: string
  /** Ms that one transfer may take. */
  readonly totalMs: number
  /** Aborted when the upstream closes. */
  readonly closing: AbortSignal
  readonly onProblem: (problem: unknown) => void
}

/** One version to be served, and the document that lists it. */
interface Wanted {
  readonly name: string
  readonly version: string
  readonly packument: KeptPackument
}

/** The document that lists a version, its absence, or why the upstream cannot say. */
type Listing = KeptPackument | 'absent' | UpstreamError

/** Tarballs of one upstream: kept ones from the store, others from the upstream and then kept. */
export class NpmTarballs {
  readonly #options: NpmTarballsOptions
  readonly #downloads = new Map<string, Promise<TarballDownload | null>>()
  readonly #running = new Set<Promise<void>>()

  constructor(options: NpmTarballsOptions) {
    this.#options = options
  }

  /** As `NpmSource.tarball`: read the bytes to their end, return their iterator, or abort the signal. */
  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    const kept = await this.#options.index.get(name, version)
    const packument = await this.#listingOf(name, version, signal)
    if (packument === 'absent') return null
    if (packument instanceof UpstreamError) {
      const isGone = kept === null || (await this.#options.packuments.isGone(name))
      const held = isGone ? null : await this.#open(kept)
      if (held === null) throw packument
      return held
    }
    const wanted = { name, version, packument }
    // Other digests under the same version: what is kept is not what the document means now.
    const isCurrent = kept !== null && kept.mark === markOf(wanted)
    const held = isCurrent ? await this.#open(kept) : null
    if (held === null) return await this.#download(wanted, signal)
    return { size: held.size, bytes: this.#keptBytes(wanted, held.bytes, signal) }
  }

  /** Resolves when no download is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#downloads.values())
    await Promise.allSettled(this.#running)
  }

  async #listingOf(name: string, version: string, signal: AbortSignal): Promise<Listing> {
    try {
      const held = await this.#options.packuments.packument(name, signal)
      if (held === null || held.facts.seen.has(version)) return held ?? 'absent'
      const renewed = await this.#options.packuments.renewed(name, signal)
      return renewed?.facts.seen.has(version) ? renewed : 'absent'
    } catch (error) {
      if (error instanceof UpstreamError) return error
      throw error
    }
  }

  #open({ sha256 }: KeptTarball): Promise<NpmTarball | null> {
    return this.#options.artifacts.open(sha256)
  }

  /** Kept bytes, each leaf checked before it goes out; from the first altered one on the upstream's. */
  async *#keptBytes(
    wanted: Wanted,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, undefined> {
    let sent = 0
    try {
      for await (const chunk of bytes) {
        signal.throwIfAborted()
        yield chunk
        sent += chunk.length
      }
      return
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#options.onProblem(error)
    }
    const whole = await this.#download(wanted, signal)
    const again = await this.#download(wanted, signal)
    if (whole !== null && again !== null) yield* behind(whole.bytes, again.bytes, sent)
    else throw new UpstreamError('E_UPSTREAM_ANSWER', `the upstream has no bytes of ${wanted.name}@${wanted.version}`)
  }

  async #download(wanted: Wanted, signal: AbortSignal): Promise<NpmTarball | null> {
    const key = `${wanted.name} ${wanted.version} ${markOf(wanted)}`
    let starting = this.#downloads.get(key)
    if (starting === undefined) {
      starting = this.#start(wanted, key)
      this.#downloads.set(key, starting)
    }
    const download = await abortable(starting, signal)
    if (download === null) return null
    const opened = download.open(signal)
    if (opened !== null) return opened
    // It ended between the two lines above, or its last client has just left it: its bytes are kept, or it starts anew.
    if (this.#downloads.get(key) === starting) this.#downloads.delete(key)
    return await this.tarball(wanted.name, wanted.version, signal)
  }

  /** null: the upstream has no such file. */
  async #start(wanted: Wanted, key: string): Promise<TarballDownload | null> {
    const stop = new AbortController()
    const forget = () => void this.#downloads.delete(key)
    try {
      const answer = await this.#ask(wanted, stop)
      if (answer === null) {
        forget()
        return null
      }
      const download = new TarballDownload(stop, this.#downloadOptions(wanted))
      const running = download.run(answer.body).finally(() => {
        this.#running.delete(running)
        forget()
      })
      this.#running.add(running)
      return download
    } catch (error) {
      forget()
      throw error
    }
  }

  async #ask({ name, version, packument }: Wanted, stop: AbortController) {
    const { client, totalMs, closing } = this.#options
    const answer = await client.get(tarballUrlOf(client.base, packument.document.versions[version]!.dist.tarball), {
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      maxBytes: MAX_TARBALL_BYTES,
      totalMs,
      signal: AbortSignal.any([stop.signal, closing]),
    })
    if (answer.status === 200) return answer
    answer.body.discard()
    if (answer.status === 404 || answer.status === 410) return null
    throw new UpstreamError('E_UPSTREAM_ANSWER', `${answer.url.host} answered ${answer.status} for ${name}@${version}`)
  }

  #downloadOptions(wanted: Wanted) {
    const { name, version, packument } = wanted
    const { artifacts, index, folder, onProblem } = this.#options
    const mark = markOf(wanted)
    return {
      what: `${name}@${version}`,
      expected: expectedDigestsOf(packument.document.versions[version]!.dist)!,
      folder,
      onProblem,
      keep: async (bytes: AsyncIterable<Uint8Array>) => {
        const { sha256 } = await artifacts.addPulled(bytes)
        await index.put(name, version, { sha256, mark })
      },
    }
  }
}

function markOf({ packument, version }: Wanted): string {
  return packument.facts.seen.get(version)!.mark
}

/** Where a tarball is. Old documents say http for the host that has had https for years: then https it is. */
function tarballUrlOf(base: URL, tarball: string): URL {
  const url = new URL(tarball)
  if (url.hostname !== base.hostname || url.protocol === base.protocol) return targetOf(tarball, base, base)
  return targetOf(`${base.origin}${url.pathname}${url.search}`, base, base)
}
