/** Answers kept: filters repeat, and each is a small set. */
const MAX_ANSWERS = 256

/** Which numbers of a labelled column a filter means; the labels are read once for each text that is asked for. */
export class LabelNumbers {
  readonly #labels: readonly string[]
  readonly #matches: (label: string, wanted: string) => boolean
  readonly #answers = new Map<string, readonly number[]>()

  constructor(labels: readonly string[], matches: (label: string, wanted: string) => boolean) {
    this.#labels = labels
    this.#matches = matches
  }

  /** The numbers of the labels that match one of `wanted`; null when nothing is asked for. */
  of(wanted: readonly string[] | undefined): ReadonlySet<number> | null {
    return wanted?.length ? new Set(wanted.flatMap(text => this.#numbersOf(text))) : null
  }

  #numbersOf(wanted: string): readonly number[] {
    const known = this.#answers.get(wanted)
    if (known !== undefined) return known
    const numbers = this.#labels.flatMap((label, number) => (this.#matches(label, wanted) ? [number] : []))
    if (this.#answers.size >= MAX_ANSWERS) this.#answers.clear()
    this.#answers.set(wanted, numbers)
    return numbers
  }
}
