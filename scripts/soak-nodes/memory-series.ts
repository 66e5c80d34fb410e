import { appendFile } from 'node:fs/promises'
import { slopeOf } from './slope.ts'
import type { SoakedNode } from './soaked-node.ts'

const MIB = 1 << 20
/** What is measured of a node that is never stopped; bytes. */
const MEASURES = {
  /** Heap and external memory right after a forced collection: what the program holds on to. */
  live: 'live after GC',
  /** Of it machine code, bytecode and their tables. */
  code: 'of it compiled code',
  /** Anonymous pages: heap with garbage, stacks, buffers, native caches. */
  anonymous: 'resident, anonymous',
  mapped: 'resident, mapped files',
} as const
type Measure = keyof typeof MEASURES
type Point = readonly [minute: number, bytes: number]

/** The memory of some nodes over time. */
export class MemorySeries {
  readonly #points = new Map<SoakedNode, Map<Measure, Point[]>>()
  readonly #file: string | undefined

  /** @param file one line of JSON for each sample goes here, so that a run can be looked at while it goes on */
  constructor(file?: string) {
    this.#file = file
  }

  async sample(node: SoakedNode, minute: number): Promise<void> {
    const sample = { ...(await node.residentMemory()), ...(node.isProbed ? await node.liveMemory() : {}) }
    const points = this.#points.get(node) ?? new Map<Measure, Point[]>()
    this.#points.set(node, points)
    for (const [measure, bytes] of Object.entries(sample))
      points.set(measure as Measure, [...(points.get(measure as Measure) ?? []), [minute, bytes]])
    if (this.#file !== undefined)
      await appendFile(this.#file, `${JSON.stringify({ node: node.name, minute, ...sample })}\n`)
  }

  /** A line for each node and measure; the slope is least squares over every sample from minute `settle` on. */
  *rows(settle: number): Generator<string> {
    for (const [measure, title] of Object.entries(MEASURES))
      for (const [node, points] of this.#points) {
        const series = points.get(measure as Measure)
        if (series === undefined) continue
        const settled = series.filter(([minute]) => minute >= settle)
        const growth = settled.length > 2 ? ((slopeOf(settled) * 60) / MIB).toFixed(2) : 'too few samples'
        yield `${title.padEnd(24)} ${node.name.padEnd(8)} ${mib(settled[0])} ${mib(series.at(-1))} ${growth.padStart(8)}`
      }
  }
}

function mib(point: Point | undefined): string {
  return point === undefined ? '-'.padStart(8) : (point[1] / MIB).toFixed(1).padStart(8)
}
