/** How much longer a full list becomes: little of it lies idle, and copying stays cheap. */
const GROWTH = 1.25
const FIRST_LENGTH = 16

interface NumberArray {
  readonly length: number
  [index: number]: number
  set(from: NumberArray): void
}

/** A growing list of numbers in one typed array: 4 or 8 bytes each, none of them an object. */
export class Numbers<A extends NumberArray = Uint32Array> {
  readonly #make: (length: number) => A
  #values: A
  #length = 0

  constructor(make: (length: number) => A) {
    this.#make = make
    this.#values = make(0)
  }

  get length(): number {
    return this.#length
  }

  /** The number at a place; 0 beyond the end. */
  at(index: number): number {
    return index < this.#length ? this.#values[index]! : 0
  }

  push(value: number): void {
    this.set(this.#length, value)
  }

  /** Sets a place, perhaps one beyond the end: those between are 0. */
  set(index: number, value: number): void {
    if (index >= this.#values.length) this.#grow(index + 1)
    if (index >= this.#length) this.#length = index + 1
    this.#values[index] = value
  }

  /** Leaves out all from a place on. */
  cut(length: number): void {
    while (this.#length > length) this.#values[--this.#length] = 0
  }

  #grow(least: number): void {
    const values = this.#make(Math.max(least, FIRST_LENGTH, Math.ceil(this.#values.length * GROWTH)))
    values.set(this.#values)
    this.#values = values
  }
}

/** Whole numbers below 2^32. */
export const shortNumbers = (): Numbers => new Numbers(length => new Uint32Array(length))
/** Whole numbers up to 2^53. */
export const longNumbers = (): Numbers<Float64Array> => new Numbers(length => new Float64Array(length))
