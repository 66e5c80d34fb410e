import type { ContenderName } from './contender.ts'
import { MEASURES, type MeasureName } from './measures.ts'

/** Every figure of a run. */
export class Figures {
  readonly #values = new Map<string, number[]>()

  add(measure: MeasureName, contender: ContenderName, value: number): void {
    const key = `${measure} ${contender}`
    this.#values.set(key, [...(this.#values.get(key) ?? []), value])
    const shown = MEASURES.find(({ name }) => name === measure)
    console.error(`  ${measure.padEnd(11)} ${contender.padEnd(10)} ${textOf(value)} ${shown?.unit ?? ''}`)
  }

  median(measure: MeasureName, contender: ContenderName): number | null {
    return medianOf(this.#values.get(`${measure} ${contender}`) ?? [])
  }

  /** `{"warm hanse": [7.1, …], …}` */
  toJSON(): object {
    return Object.fromEntries(this.#values)
  }

  /** The table: a line for each measure that has figures. */
  table(): string {
    const lines = MEASURES.flatMap(({ name, what, unit, aim }) => {
      const [hanse, verdaccio, upstream] = (['hanse', 'verdaccio', 'upstream'] as const).map(who =>
        this.median(name, who),
      )
      if (hanse === null && verdaccio === null && upstream === null) return []
      const ratio = hanse && verdaccio ? `${textOf(hanse / verdaccio)} x` : ''
      const cells = [hanse, verdaccio, upstream].map(value => cellOf(value ?? null, unit))
      return [[what, ...cells, ratio, aim ?? ''].join(' | ')]
    })
    const head = ['what', 'hanse', 'Verdaccio', 'upstream alone', 'hanse / Verdaccio', 'aim']
    return [head.join(' | '), head.map(() => '---').join(' | '), ...lines].map(line => `| ${line} |`).join('\n')
  }
}

/** The median, or of an even number the mean of the two in the middle; null of none. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

/** The value that 99 of 100 do not exceed (nearest rank). */
export function p99Of(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}

const cellOf = (value: number | null, unit: string): string => (value === null ? '' : `${textOf(value)} ${unit}`.trim())

/** Three digits, thousands apart. */
function textOf(value: number): string {
  return value.toLocaleString('en', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 })
}
