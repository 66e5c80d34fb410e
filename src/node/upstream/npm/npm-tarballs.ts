import type { Sha256 } from '../../../protocol/index.ts'
import { abortable } from '../../abortable.ts'
import type { NpmTarball } from '../../registries/npm/npm-source.ts'
import { type ArtifactStore, type DeniedBytes, StorageError } from '../../storage/index.ts'
import { UpstreamError } from '../errors.ts'
import type { UpstreamClient } from '../upstream-client.ts'
import type { KeptPackument } from './kept-packument.ts'
import { MAX_TARBALL_BYTES } from './limits.ts'
import { expectedOf, type ListedTarball, markOf } from './listed-tarball.ts'
import type { PackumentCache } from './packument-cache.ts'
import { behind } from './rest-of-bytes.ts'
import { TarballDownload } from './tarball-download.ts'
import type { KeptTarball, TarballIndex } from './tarball-index.ts'
import type { TarballPeers } from './tarball-peers.ts'
import { tarballUrlOf } from './tarball-url.ts'

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
  /** Bytes that go to nobody. */
  readonly denied?: DeniedBytes | undefined
  /** Told what came; true: it was purged while it was on its way, and is gone again. */
  readonly isPurged?: ((tarball: CameTarball) => Promise<boolean>) | undefined
  /** Asked before the upstream. */
  readonly peers?: TarballPeers | undefined
}

/** A version's bytes that are here now. */
export interface CameTarball {
  readonly name: string
  readonly version: string
  readonly sha256: Sha256
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
    if (held === null) return (await this.#fromPeers(wanted, signal)) ?? (await this.#download(wanted, signal))
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
    wanted: ListedTarball,
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

  /** null: the upstream has to be asked. */
  async #fromPeers(wanted: ListedTarball, signal: AbortSignal): Promise<NpmTarball | null> {
    const { peers, artifacts } = this.#options
    const { name, version } = wanted
    const question = { name, version, expected: () => expectedOf(wanted) }
    const sha256 = (await peers?.bring(question, signal)) ?? null
    const held = sha256 === null ? null : await artifacts.open(sha256)
    if (sha256 === null || held === null) return null
    await this.#remember(wanted, sha256)
    return { size: held.size, bytes: this.#keptBytes(wanted, held.bytes, signal) }
  }

  async #remember(wanted: ListedTarball, sha256: Sha256): Promise<void> {
    const { index, peers, isPurged } = this.#options
    const { name, version } = wanted
    await index.put(name, version, { sha256, mark: markOf(wanted) })
    // Asked last: whoever purges denies the name, then looks for the entry above.
    if (await isPurged?.({ name, version, sha256 })) return await index.delete(name, version)
    peers?.kept(name, version)
  }

  async #download(wanted: ListedTarball, signal: AbortSignal): Promise<NpmTarball | null> {
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
  async #start(wanted: ListedTarball, key: string): Promise<TarballDownload | null> {
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

  async #ask({ name, version, packument }: ListedTarball, stop: AbortController) {
    const { client, totalMs, closing } = this.#options
    const answer = await client.get(tarballUrlOf(client.base, packument.distOf(version).tarball), {
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

  #downloadOptions(wanted: ListedTarball) {
    const { name, version } = wanted
    const { artifacts, folder, onProblem, denied } = this.#options
    return {
      what: `${name}@${version}`,
      expected: expectedOf(wanted),
      folder,
      onProblem,
      denied,
      keep: async (bytes: AsyncIterable<Uint8Array>) => {
        const { sha256 } = await artifacts.addPulled(bytes)
        await this.#remember(wanted, sha256)
      },
    }
  }
}
