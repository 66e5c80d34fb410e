import { SPEED_SAMPLE_MS } from './limits.ts'

/** Bytes a ms that one mirror brings while it is asked for something: half of each sample, half of what was before. */
export class MirrorSpeed {
  /** Bytes of all its answers. */
  totalBytes = 0
  #value: number | null
  #sampleBytes = 0
  #sampleMs: number | null = null
  #busySinceMs: number | null = null

  constructor(remembered: number | null) {
    this.#value = remembered
  }

  /** bytes/ms, or null before the first sample. */
  get value(): number | null {
    return this.#value
  }

  /** The same with what is being measured: a mirror that falls silent gets slower. */
  valueAt(now: number): number {
    const sample = this.#sampleMs === null ? 0 : this.#sampleBytes / Math.max(1, now - this.#sampleMs)
    const isLong = this.#sampleMs !== null && now - this.#sampleMs >= SPEED_SAMPLE_MS
    return isLong ? Math.min(sample, this.#value ?? sample) : (this.#value ?? sample)
  }

  /** How long it was asked without a break, ms. */
  busyMs(now: number): number {
    return this.#busySinceMs === null ? 0 : now - this.#busySinceMs
  }

  works(now: number): void {
    this.#busySinceMs ??= now
    this.#sampleMs ??= now
  }

  rests(now: number): void {
    this.#take(now, 1)
    this.#busySinceMs = null
    this.#sampleMs = null
    this.#sampleBytes = 0
  }

  /** It fell silent: what it brought before tells nothing. */
  forget(): void {
    this.#value = null
  }

  came(bytes: number, now: number): void {
    this.totalBytes += bytes
    this.#sampleBytes += bytes
    this.#take(now, SPEED_SAMPLE_MS)
  }

  #take(now: number, leastMs: number): void {
    if (this.#sampleMs === null || now - this.#sampleMs < leastMs || this.#sampleBytes === 0) return
    const sample = this.#sampleBytes / (now - this.#sampleMs)
    this.#value = this.#value === null ? sample : (this.#value + sample) / 2
    this.#sampleMs = now
    this.#sampleBytes = 0
  }
}
