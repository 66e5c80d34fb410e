import type { Contender } from './contender.ts'
import type { Piece } from './corpus.ts'

/** One row of the table: what is fetched, how often a round, and how. */
export interface Task {
  readonly name: string
  readonly pieces: readonly Piece[]
  readonly times: number
  /** One after the other, or all at once. */
  readonly how: 'sequence' | 'at once'
}

/** Times of one task by contender, ms for all its pieces, ascending. */
export type Times = ReadonlyMap<string, readonly number[]>

/** Runs every contender once a round, the first one another each round; `warmUp` rounds are not counted. */
export async function timesOf(
  task: Task,
  contenders: readonly Contender[],
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
): Promise<Times> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds + warmUp; round++) {
    const first = round % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      for (let time = 0; time < task.times; time++) {
        const took = await timeOf(task, contender)
        if (round >= warmUp) times.get(contender.name)?.push(took)
        await contender.forget?.(task.pieces)
      }
    }
  }
  for (const all of times.values()) all.sort((a, b) => a - b)
  return times
}

async function timeOf({ pieces, how }: Task, contender: Contender): Promise<number> {
  const began = performance.now()
  if (how === 'at once') await contender.fetchAll(pieces)
  else for (const piece of pieces) await contender.fetch(piece)
  return performance.now() - began
}

export function medianOf(sorted: readonly number[] = []): number {
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2
}
