import type { NpmPackument, NpmSource, NpmTarball } from '../registries/npm/index.ts'
import { UpstreamError } from '../upstream/index.ts'

/** A source that can say how it stands with what is behind it. */
export interface OpenedSource extends NpmSource, AsyncDisposable {
  /** Whether it failed lately and is left alone for now. */
  readonly isResting: boolean
  /** Resolves when no download and no renewal is under way. */
  settled(): Promise<void>
}

/** What a source met last that kept it from answering. */
export interface SourceFailure {
  /** Ms since 1970. */
  readonly at: number
  readonly code: string
  readonly message: string
}

/** A source that is opened when somebody first asks it, so that a start waits for none; what fails is tried again. */
export class LazyNpmSource implements NpmSource, AsyncDisposable {
  readonly #open: () => Promise<OpenedSource>
  readonly #now: () => number
  #opening: Promise<OpenedSource> | null = null
  #opened: OpenedSource | null = null
  #lastFailure: SourceFailure | null = null
  #isClosed = false

  constructor(open: () => Promise<OpenedSource>, now: () => number = Date.now) {
    this.#open = open
    this.#now = now
  }

  /** `unused` until somebody asks it. */
  get state(): 'unused' | 'up' | 'resting' {
    if (this.#opened === null) return this.#lastFailure === null ? 'unused' : 'resting'
    return this.#opened.isResting ? 'resting' : 'up'
  }

  get lastFailure(): SourceFailure | null {
    return this.#lastFailure
  }

  /** Opens it before anyone asks. */
  async begin(): Promise<void> {
    await this.#source()
  }

  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    return await this.#asking(source => source.packument(name, signal))
  }

  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    return await this.#asking(source => source.tarball(name, version, signal))
  }

  /** Resolves when no download and no renewal is under way. */
  async settled(): Promise<void> {
    await this.#opened?.settled()
  }

  /** Takes note of what went wrong where no caller waits for it. */
  failed(problem: unknown): void {
    const { code, message } = problem as { readonly code?: unknown; readonly message?: unknown }
    const isCoded = typeof code === 'string' && code.startsWith('E_')
    this.#lastFailure = { at: this.#now(), code: isCoded ? code : 'E_INTERNAL', message: String(message) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const opened = await this.#opening?.catch(() => null)
    await opened?.[Symbol.asyncDispose]()
  }

  async #asking<T>(ask: (source: OpenedSource) => Promise<T>): Promise<T> {
    const opened = await this.#source().catch(error => {
      this.failed(error)
      throw error
    })
    try {
      return await ask(opened)
    } catch (error) {
      if (error instanceof UpstreamError) this.failed(error)
      throw error
    }
  }

  #source(): Promise<OpenedSource> {
    if (this.#isClosed) throw new UpstreamError('E_UPSTREAM_DOWN', 'this upstream was removed here')
    this.#opening ??= this.#open().then(
      opened => {
        this.#opened = opened
        return opened
      },
      error => {
        this.#opening = null
        throw error
      },
    )
    return this.#opening
  }
}
