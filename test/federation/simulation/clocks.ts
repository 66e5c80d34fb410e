import type { Clock } from '../../../src/federation/streams/clock.ts'
import type { World } from './world.ts'

/** What a clock shows that is neither ahead nor behind when the world begins, ms. */
const EPOCH_MS = 10 * 86_400_000

/** The clock of one node from one start to the next: it runs with the world's, shows another time, and can leap. */
export class NodeClock implements Clock {
  readonly #world: World
  /** How far it is ahead of the world, ms. */
  #aheadMs: number
  #isRunning = true

  constructor(world: World, aheadMs: number) {
    this.#world = world
    this.#aheadMs = aheadMs
  }

  now(): number {
    return EPOCH_MS + this.#world.now() + this.#aheadMs
  }

  after(ms: number, action: () => void): () => void {
    return this.#world.after(ms, () => {
      if (this.#isRunning) action()
    })
  }

  /** As after a sleep: time went by in which nothing ran. */
  leap(ms: number): void {
    this.#aheadMs += ms
  }

  /** The node is gone: nothing of it runs any more. */
  stop(): void {
    this.#isRunning = false
  }
}
