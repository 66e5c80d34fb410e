const DAY_MS = 86_400_000
/** Stored for a quality that is not known. */
const NO_QUALITY = 255

/** Days since 1970 of a time in ms, as a column keeps them; 0: not known. */
export function dayOf(ms: number): number {
  return Math.min(65_535, Math.max(0, Math.floor(ms / DAY_MS) || 0))
}

/** A quality of 0 to 1 as a byte. */
export function qualityByteOf(quality: number | null): number {
  return quality === null ? NO_QUALITY : Math.round(Math.min(1, Math.max(0, quality)) * 254)
}

/** What is known of a document beside its text. */
export interface Signals {
  /** Popularity byte. */
  readonly popularity: number
  /** Day of the release. */
  readonly day: number
  /** Quality byte. */
  readonly quality: number
  /** 0 to 1. */
  readonly closeness: number
}

const POPULARITY_WEIGHT = 8
const FRESHNESS_WEIGHT = 1
const CLOSENESS_WEIGHT = 1.5
const QUALITY_WEIGHT = 0.5
const FRESHNESS_HALF_LIFE_DAYS = 365

/** Points of popularity alone, 0 to 8: what the ranking loop knows of every document. */
export const popularityPointsOf = (popularityByte: number): number => (POPULARITY_WEIGHT * popularityByte) / 255
export const MAX_POPULARITY_POINTS = POPULARITY_WEIGHT

/** Points of the other signals, 0 to 3; `today` null: freshness does not count. */
export function signalPointsOf({ day, quality, closeness }: Signals, today: number | null): number {
  const age = today === null || day === 0 ? null : Math.max(0, today - day)
  const fresh = age === null ? 0 : 2 ** (-age / FRESHNESS_HALF_LIFE_DAYS)
  const told = quality === NO_QUALITY ? 0 : quality / 254
  return FRESHNESS_WEIGHT * fresh + CLOSENESS_WEIGHT * closeness + QUALITY_WEIGHT * told
}
