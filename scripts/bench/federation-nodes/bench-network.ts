import { join } from 'node:path'
import type { Published, Report, Usage } from './messages.ts'
import { type Contender, NodeProcess } from './node-process.ts'

/** A node's place: its process, and which of the nodes in it. */
interface Place {
  readonly in: NodeProcess
  readonly at: number
}

/** What a network is made of. */
export interface NetworkSize {
  /** Where the nodes have their homes. */
  readonly folder: string
  readonly nodes: number
  /** Connections that each node is joined with; it may make more. */
  readonly degree: number
  readonly publishers: number
}

/** A network of real nodes in some processes. */
export class BenchNetwork implements AsyncDisposable {
  readonly contender: Contender
  readonly #processes: NodeProcess[]
  readonly #silent: NodeProcess[] = []
  readonly #places: readonly Place[]
  readonly #addresses: readonly string[]
  /** The publishers everyone follows, by the number of their node. */
  readonly publishers: readonly number[]

  private constructor(
    contender: Contender,
    processes: NodeProcess[],
    places: readonly Place[],
    addresses: readonly string[],
    publishers: readonly number[],
  ) {
    this.contender = contender
    this.#processes = processes
    this.#places = places
    this.#addresses = addresses
    this.publishers = publishers
  }

  /**
   * Starts as many nodes as `sizes` says in a process each; all follow `publishers` of the first process's nodes. `fill` makes a node's
   * home before it starts.
   */
  static async start(
    contender: Contender,
    folder: string,
    sizes: readonly number[],
    publishers: number,
    fill?: (home: string, node: number) => Promise<void>,
  ): Promise<BenchNetwork> {
    const homes = sizes.map((size, p) => Array.from({ length: size }, (_, i) => join(folder, `${contender}-${p}-${i}`)))
    for (const [node, home] of homes.flat().entries()) await fill?.(home, node)
    const processes = sizes.map(() => new NodeProcess(contender))
    const started = await Promise.all(processes.map((process, p) => process.order({ do: 'start', homes: homes[p]! })))
    const places = processes.flatMap((process, p) => started[p]!.map((_, at) => ({ in: process, at })))
    const followed = Array.from({ length: publishers }, (_, i) => Math.floor((i * sizes[0]!) / publishers))
    const ids = followed.map(at => started[0]![at]!.publisher)
    await Promise.all(processes.map(process => process.order({ do: 'follow', publishers: ids })))
    const addresses = started.flat().map(({ address }) => address)
    return new BenchNetwork(contender, processes, places, addresses, followed)
  }

  get size(): number {
    return this.#places.length
  }

  /** Joins the nodes to a random graph of about `degree` connections each; ms until each has `atLeast` mesh peers. */
  async join(degree: number, atLeast: number, random: () => number): Promise<number> {
    const began = performance.timeOrigin + performance.now()
    const pairs = new Map(this.#processes.map(process => [process, [] as [number, string][]]))
    for (const [from, to] of randomGraph(this.size, degree, random)) {
      const place = this.#places[from]!
      pairs.get(place.in)!.push([place.at, this.#addresses[to]!])
    }
    await Promise.all([...pairs].map(([process, dials]) => process.order({ do: 'dial', pairs: dials })))
    const healthy = await Promise.all(this.#processes.map(process => process.order({ do: 'mesh', atLeast })))
    return Math.max(...healthy) - began
  }

  addressOf(node: number): string {
    return this.#addresses[node]!
  }

  async dial(from: number, to: number): Promise<void> {
    const place = this.#places[from]!
    await place.in.order({ do: 'dial', pairs: [[place.at, this.addressOf(to)]] })
  }

  async publish(node: number, name: string): Promise<Published> {
    const place = this.#places[node]!
    return await place.in.order({ do: 'publish', node: place.at, name })
  }

  /** Whether all nodes have all records in time. */
  async wait(records: readonly string[], timeoutMs: number): Promise<boolean> {
    const had = await Promise.all(this.#processes.map(process => process.order({ do: 'wait', records, timeoutMs })))
    return had.every(Boolean)
  }

  /** Stops all processes where they are: they take no processor time. */
  stop(): void {
    for (const process of this.#processes) process.stop()
  }

  goOn(): void {
    for (const process of this.#processes) process.goOn()
  }

  /** Ends the last process and its nodes abruptly. */
  async killLast(): Promise<void> {
    await this.#processes.pop()?.kill()
  }

  /** Stops the last process and its nodes for good: what is connected to them stays connected. */
  silenceLast(): void {
    const silent = this.#processes.pop()
    if (silent === undefined) return
    silent.stop()
    this.#silent.push(silent)
  }

  /** Of all processes together. */
  async usage(): Promise<Usage> {
    const each = await Promise.all(this.#processes.map(process => process.order({ do: 'usage' })))
    return {
      cpuMs: each.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      rssBytes: each.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    }
  }

  /** Of all nodes that live. */
  async report(): Promise<Report> {
    const each = await Promise.all(this.#processes.map(process => process.order({ do: 'report' })))
    return {
      sights: each.flatMap(({ sights }) => sights),
      copies: each.reduce((sum, { copies }) => sum + copies, 0),
      mesh: each.flatMap(({ mesh }) => mesh),
      connections: each.flatMap(({ connections }) => connections),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#silent.map(process => process.kill()))
    await Promise.all(this.#processes.map(process => process[Symbol.asyncDispose]()))
  }
}

/** Each node dials half of its connections, others dial the rest; no pair twice. */
function randomGraph(size: number, degree: number, random: () => number): [number, number][] {
  const edges = new Map<string, [number, number]>()
  for (let from = 0; from < size; from++) {
    for (let made = 0, tries = 0; made < Math.min(degree / 2, size - 1) && tries < 1_000; tries++) {
      const to = Math.floor(random() * size)
      const key = from < to ? `${from}-${to}` : `${to}-${from}`
      if (from === to || edges.has(key)) continue
      edges.set(key, [from, to])
      made++
    }
  }
  return [...edges.values()]
}
