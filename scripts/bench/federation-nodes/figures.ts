/** A line of a table. */
export const row = (what: string, cells: readonly string[]): string =>
  what.padEnd(16) + cells.map(cell => cell.padStart(16)).join('')
export const sum = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0)
export const mean = (of: readonly number[]): number => sum(of) / of.length
export const median = (of: readonly number[]): number => percentile(of, 0.5)
/** The value below which a share of them lies. */
export const percentile = (of: readonly number[], share: number): number =>
  of.toSorted((a, b) => a - b)[Math.min(of.length - 1, Math.floor(of.length * share))] ?? Number.NaN
