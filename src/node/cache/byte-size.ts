const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't'].flatMap(
    (letter, at) =>
      [
        [`${letter}b`, 1000 ** (at + 1)],
        [`${letter}ib`, 1024 ** (at + 1)],
      ] as [string, number][],
  ),
])
/** Bytes of the largest disk that a setting may mean. */
const MAX_BYTES = 2 ** 50

/** Reads `20GB`, `512 MiB` or a number of bytes; null for anything else. kB, MB, GB, TB are powers of 1000, KiB and so on of 1024. */
export function parseByteSize(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,3})?) ?([a-z]{0,3})$/i.exec(text.trim())
  const unit = UNITS.get(match?.[2]?.toLowerCase() ?? '-')
  if (match === null || unit === undefined) return null
  const bytes = Math.floor(Number(match[1]) * unit)
  return bytes <= MAX_BYTES ? bytes : null
}

/** Bytes for people: `1.5 GB`. */
export function byteText(bytes: number): string {
  const at = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const name = ['bytes', 'kB', 'MB', 'GB', 'TB'][at]
  return `${at === 0 ? bytes : (bytes / 1000 ** at).toFixed(1)} ${name}`
}
