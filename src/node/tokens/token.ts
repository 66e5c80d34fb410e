import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Pattern } from '../../protocol/index.ts'
import { TOKEN_BYTES } from './limits.ts'

/** What a token is good for; each includes what stands before it. */
export const SCOPES = ['read', 'publish', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** A token as it is kept: what it may do, and the digest of its text. */
export interface Token {
  readonly name: string
  readonly scope: Scope
  /** The names it may publish, null: every name. */
  readonly names: readonly Pattern[] | null
  /** sha-256 of the text, lower-case hex. */
  readonly sha256: string
  /** ms since 1970. */
  readonly createdAt: number
  /** ms since 1970; null: never. */
  readonly expiresAt: number | null
  /** The day of its last use, days since 1970; null: not used yet. */
  readonly lastUsedDay: number | null
}

/** Who asks, as a valid token says. */
export interface Asker {
  readonly name: string
  readonly scope: Scope
  /** The names it may publish, null: every name. */
  readonly names: readonly Pattern[] | null
}

const DAY_MS = 24 * 60 * 60_000
/** By this, scanners of public code find tokens that leaked. */
const PREFIX = 'hanse_'

/** A new token's text. */
export const newTokenText = (): string => `${PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`

/** The digest under which a token is kept. */
export const tokenDigestOf = (text: string): string => hash('sha256', text, 'hex')

/** Whether two digests are the same, in a time that does not tell where they differ. */
export const isSameDigest = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))

/** Whether a scope includes another. */
export const includesScope = (held: Scope, wanted: Scope): boolean => SCOPES.indexOf(held) >= SCOPES.indexOf(wanted)

/** Days since 1970. */
export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS)

/** A day as people read it, `2026-11-21`. */
export const dayTextOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
