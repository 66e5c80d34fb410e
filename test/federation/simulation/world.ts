/** A small exact generator of chance (mulberry32): one seed, one world. */
function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Event {
  readonly at: number
  readonly run: () => void
  isCancelled: boolean
}

/** Events of one moment after which time counts as standing still: a storm of all peers is a thousand. */
const MAX_EVENTS_AT_ONCE = 50_000

/** Virtual time: events run in order of time, and all that follows from one is done before the next. */
export class World {
  readonly random: () => number
  #now = 0
  #events: Event[] = []

  constructor(seed: number) {
    this.random = chanceOf(seed)
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    const event: Event = { at: this.#now + ms, run, isCancelled: false }
    let low = 0
    for (let high = this.#events.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.#events[middle]!.at > event.at) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
    return () => {
      event.isCancelled = true
    }
  }

  /** @throws Error when events follow each other without end in one moment */
  async runUntil(ms: number): Promise<void> {
    let atOnce = 0
    for (let event = this.#events.at(-1); event && event.at <= ms; event = this.#events.at(-1)) {
      this.#events.pop()
      if (event.isCancelled) continue
      atOnce = event.at > this.#now ? 0 : atOnce + 1
      if (atOnce > MAX_EVENTS_AT_ONCE) throw new Error(`time stands still at ${this.#now} ms`)
      this.#now = Math.max(this.#now, event.at)
      event.run()
      await new Promise(setImmediate) // every promise that this event settled has run its course
    }
    this.#now = ms
  }
}
