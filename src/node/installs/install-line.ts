import type { PackageName } from '../../protocol/index.ts'
import { JOURNAL_MS } from './limits.ts'

/** One version's bytes, served to a client of this node. */
export interface Install {
  /** ms since 1970. */
  readonly at: number
  readonly purl: PackageName
  readonly version: string
  /** The name of the token that asked, else the address. */
  readonly who: string
}

const DAY_MS = 24 * 60 * 60_000
/** Keys of lines and of versions installed once begin so; no part but the last may hold a space. */
const LINE = 'line '
const FIRST = 'first '
/** Sorts after every key that begins with the same word. */
const END = '\uffff'

/** Bounds of all versions installed once. */
export const FIRST_KEYS = { gte: FIRST, lt: `${FIRST}${END}` }
/** Bounds of all lines. */
export const LINE_KEYS = { gte: LINE, lt: `${LINE}${END}` }

/** A version as one text, for sets. */
export const installedKeyOf = (purl: PackageName, version: string): string => `${purl} ${version}`

/** Where a version that was installed once is kept. */
export const firstKeyOf = (installed: string): string => `${FIRST}${installed}`

/** The version that a key of `FIRST_KEYS` is of, as `installedKeyOf` writes it. */
export const installedOf = (key: string): string => key.slice(FIRST.length)

/** Where a line is kept: one for each day, asker and version. */
export const lineKeyOf = ({ at, who, purl, version }: Install): string => `${dayKeyOf(at)}${who} ${purl} ${version}`

/** Bounds of the lines of the days since a moment. */
export const linesSince = (ms: number) => ({ ...LINE_KEYS, gte: dayKeyOf(ms) })

/** Bounds of the lines that are too old to be kept. */
export const linesBefore = (now: number) => ({ ...LINE_KEYS, lt: dayKeyOf(now - JOURNAL_MS) })

/** The line that a stored key and its value say, or null for damaged ones. */
export function installOf(key: string, value: Uint8Array): Install | null {
  const [, who, purl, version] = /^line \d{8} (\S+) (\S+) (.+)$/.exec(key) ?? []
  const at = timeOf(value)
  if (who === undefined || purl === undefined || version === undefined || at === null) return null
  return { at, who, purl: purl as PackageName, version }
}

/** A time as stored; damaged bytes are null. */
export function timeOf(value: Uint8Array): number | null {
  const text = Buffer.from(value).toString('latin1')
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

export const timeBytesOf = (at: number): Uint8Array => Buffer.from(String(at))

const dayKeyOf = (at: number): string => `${LINE}${String(Math.max(0, Math.floor(at / DAY_MS))).padStart(8, '0')} `
