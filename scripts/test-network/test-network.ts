import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a wide area network is like between any two sites. */
export interface Weather {
  /** There and back, ms. */
  readonly rttMs: number
  /** Added to each way by chance, up to, ms. */
  readonly jitterMs: number
  /** Share of packets lost each way, percent. */
  readonly lossPercent: number
  /** Of each site's link, each way, Mbit/s. */
  readonly mbit: number
}

/** A command that cannot be had, or a step that needs root; `hint` says what to do. */
export class TestNetworkError extends Error {
  readonly hint: string

  constructor(message: string, hint: string, options: ErrorOptions = {}) {
    super(message, options)
    this.hint = hint
  }
}

/**
 * Sites in network namespaces of their own, joined by an emulated wide area network. Site i (from 1) has the address 10.99.0.i.
 * Needs root, a C compiler and iproute2; everything it made is removed when it is disposed of.
 */
export class TestNetwork implements AsyncDisposable {
  readonly sites: number
  readonly #name: string
  readonly #folder: string
  readonly #emulator: ChildProcess
  readonly #answers: AsyncIterator<string>

  private constructor(sites: number, name: string, folder: string, emulator: ChildProcess) {
    this.sites = sites
    this.#name = name
    this.#folder = folder
    this.#emulator = emulator
    this.#answers = createInterface({ input: emulator.stdout! })[Symbol.asyncIterator]()
  }

  /** @throws TestNetworkError */
  static async open(sites: number, weather: Weather, { seed = 1 }: { seed?: number } = {}): Promise<TestNetwork> {
    if (process.getuid?.() !== 0) throw new TestNetworkError('network namespaces need root', 'run it as root')
    const folder = await mkdtemp(join(tmpdir(), 'hanse-wan-'))
    const name = `hanse${process.pid}`
    const namespaces = Array.from({ length: sites }, (_, i) => `${name}-${i + 1}`)
    try {
      const program = join(folder, 'emulator')
      await command('cc', ['-O2', '-o', program, join(import.meta.dirname, 'emulator.c')], 'apt-get install gcc')
      for (const each of namespaces) await ip('netns', 'add', each)
      const emulator = spawn(program, [String(seed), ...namespaces], { stdio: ['pipe', 'pipe', 'inherit'] })
      const network = new TestNetwork(sites, name, folder, emulator)
      if ((await network.#answer()) !== 'ready')
        throw new TestNetworkError('the emulator did not start', 'see what it printed')
      for (const [i, each] of namespaces.entries()) {
        await ip('-n', each, 'link', 'set', 'lo', 'up')
        await ip('-n', each, 'addr', 'add', `10.99.0.${i + 1}/24`, 'dev', 'wan0')
        await ip('-n', each, 'link', 'set', 'wan0', 'mtu', '1500', 'txqueuelen', '2000', 'up')
      }
      await network.set(weather)
      return network
    } catch (error) {
      await removeAll(namespaces, folder)
      throw error
    }
  }

  addressOf(site: number): string {
    return `10.99.0.${site}`
  }

  /** Starts a program at a site. */
  spawn(site: number, program: string, args: readonly string[]): ChildProcess {
    const inside = ['netns', 'exec', `${this.#name}-${site}`, program, ...args]
    return spawn('ip', inside, { stdio: ['pipe', 'pipe', 'inherit'] })
  }

  /** Sets a kernel variable at a site, as `net.ipv4.tcp_congestion_control`. */
  async tune(site: number, variable: string, value: string): Promise<void> {
    await ip('netns', 'exec', `${this.#name}-${site}`, 'sysctl', '-qw', `${variable}=${value}`)
  }

  async set({ rttMs, jitterMs, lossPercent, mbit }: Weather): Promise<void> {
    await this.#command(`set ${rttMs / 2} ${jitterMs} ${lossPercent} ${mbit}`)
  }

  /** Nothing reaches or leaves the site until it is mended; its links stay up. */
  async cut(site: number): Promise<void> {
    await this.#command(`cut ${site}`)
  }

  async mend(site: number): Promise<void> {
    await this.#command(`mend ${site}`)
  }

  /** Packets carried, lost by chance or by a cut, and dropped by full links. */
  async stats(): Promise<string> {
    return await this.#command('stats')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#emulator.stdin!.end()
    if (this.#emulator.exitCode === null) await once(this.#emulator, 'exit')
    const namespaces = Array.from({ length: this.sites }, (_, i) => `${this.#name}-${i + 1}`)
    await removeAll(namespaces, this.#folder)
  }

  async #command(line: string): Promise<string> {
    this.#emulator.stdin!.write(`${line}\n`)
    return await this.#answer()
  }

  async #answer(): Promise<string> {
    const { value = '' } = await this.#answers.next()
    return value
  }
}

async function removeAll(namespaces: readonly string[], folder: string): Promise<void> {
  for (const each of namespaces) await run('ip', ['netns', 'del', each]).catch(() => {})
  await rm(folder, { recursive: true, force: true })
}

const ip = (...args: readonly string[]): Promise<void> => command('ip', args, 'apt-get install iproute2')

async function command(program: string, args: readonly string[], hint: string): Promise<void> {
  try {
    await run(program, [...args])
  } catch (cause) {
    throw new TestNetworkError(`${program} ${args.join(' ')} failed`, hint, { cause })
  }
}
