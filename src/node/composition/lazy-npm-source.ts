import type { NpmPackument, NpmSource, NpmTarball } from '../registries/npm/index.ts'

/** A source that is opened when somebody first asks it, so that a start waits for none; what fails is tried again. */
export class LazyNpmSource implements NpmSource, AsyncDisposable {
  readonly #open: () => Promise<NpmSource & AsyncDisposable>
  #opened: Promise<NpmSource & AsyncDisposable> | null = null

  constructor(open: () => Promise<NpmSource & AsyncDisposable>) {
    this.#open = open
  }

  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    return await (await this.#source()).packument(name, signal)
  }

  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    return await (await this.#source()).tarball(name, version, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opened?.catch(() => null)
    await opened?.[Symbol.asyncDispose]()
  }

  #source(): Promise<NpmSource & AsyncDisposable> {
    this.#opened ??= this.#open().catch(error => {
      this.#opened = null
      throw error
    })
    return this.#opened
  }
}
