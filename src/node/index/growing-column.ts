/** A column of numbers that grows by doubling. */
export class GrowingColumn<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array> {
  length = 0
  #values: T
  readonly #make: (length: number) => T

  constructor(make: (length: number) => T) {
    this.#make = make
    this.#values = make(1024)
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = this.#make(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.length++] = value
  }

  at(index: number): number {
    return this.#values[index]!
  }

  /** What was pushed; a view that the next push may leave behind. */
  get values(): T {
    return this.#values.subarray(0, this.length) as T
  }
}
