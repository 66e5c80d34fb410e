const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes for people, in powers of 1,000: `0 B`, `12 kB`, `3.4 GB`. */
export function byteText(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`
}
