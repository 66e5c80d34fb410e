import type { ByteDuplex, Clock } from '../../../src/federation/index.ts'

/** One end of an in-memory stream, counting what goes through it. */
export interface TestDuplex extends ByteDuplex {
  sentBytes: number
  /** While false, what this end sends waits, and so do its senders. */
  open: boolean
}

class End implements TestDuplex {
  sentBytes = 0
  peer: End | null = null
  #open = true
  #take: ((bytes: Uint8Array) => void) | null = null
  #closed: ((error?: Error) => void) | null = null
  #ended = false
  readonly #early: Uint8Array[] = []
  #waiting: (() => void)[] = []

  get open(): boolean {
    return this.#open
  }
  set open(value: boolean) {
    this.#open = value
    if (value) for (const go of this.#waiting.splice(0)) go()
  }

  async send(bytes: Uint8Array): Promise<void> {
    while (!this.#open && !this.#ended) await new Promise<void>(resolve => this.#waiting.push(resolve))
    if (this.#ended) throw new Error('closed')
    this.sentBytes += bytes.byteLength
    queueMicrotask(() => this.peer?.receive(bytes.slice()))
  }
  receive(bytes: Uint8Array): void {
    if (this.#ended) return
    if (this.#take === null) this.#early.push(bytes)
    else this.#take(bytes)
  }
  onData(take: (bytes: Uint8Array) => void): void {
    this.#take = take
    for (const bytes of this.#early.splice(0)) take(bytes)
  }
  onClose(closed: (error?: Error) => void): void {
    this.#closed = closed
    if (this.#ended) closed()
  }
  async close(): Promise<void> {
    this.finish()
    this.peer?.finish()
  }
  abort(error: Error): void {
    this.finish(error)
    const peer = this.peer
    queueMicrotask(() => peer?.finish(new Error('reset')))
  }
  finish(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.open = true
    this.#closed?.(error)
  }
}

/** Two ends of one stream in memory. */
export function duplexPair(): [TestDuplex, TestDuplex] {
  const [a, b] = [new End(), new End()]
  a.peer = b
  b.peer = a
  return [a, b]
}

/** A clock that tests move. */
export class TestClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ atMs: number; action: () => void }>()

  now(): number {
    return this.#now
  }
  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#now + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }
  /** Moves time on and runs nothing, as while the process stands still. */
  stand(ms: number): void {
    this.#now += ms
  }
  /** Moves time on, runs what is due in order, and lets everything that follows from it happen. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#now + ms
    for (;;) {
      await settled()
      const [due] = [...this.#timers].filter(timer => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.atMs)
      due.action()
    }
    this.#now = endMs
    await settled()
  }
}

/** Resolves when everything that needs no time has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>(resolve => setImmediate(resolve))
}
