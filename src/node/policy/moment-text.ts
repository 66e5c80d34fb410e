import { NodeError } from '../errors.ts'

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const

/** Reads a span as typed: `30m`, `2h`, `7d`, `8w`, `1y`; in ms. @throws NodeError E_USAGE */
export function spanMsOf(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([mhdwy])$/.exec(text) ?? []
  if (count !== undefined) return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  throw new NodeError('E_USAGE', `${JSON.stringify(text.slice(0, 40))} is no span of time`, {
    hint: 'write 30m, 2h, 7d, 8w or 1y',
  })
}

/** Reads a day or a time of ISO 8601, as ms since 1970; null for what is none, such as a 31st of February. */
export function momentOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2}))?$/.test(text)) return null
  const day = text.slice(0, 10)
  const [at, midnight] = [Date.parse(text), Date.parse(day)]
  // `Date` takes the 31st of February for the 3rd of March.
  const isDay = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day)
  return isDay && !Number.isNaN(at) ? at : null
}

/** Reads the end of something as typed: a span from now on, a day or a time of ISO 8601; ms since 1970. @throws NodeError E_USAGE also for one that is over */
export function endOf(text: string, now: number): number {
  const end = /^\d{4}-/.test(text) ? momentOf(text) : now + spanMsOf(text)
  if (end !== null && end > now) return end
  throw new NodeError('E_USAGE', `${text} is over already, or no day`, {
    hint: 'write 7d, or a day such as 2027-06-30',
  })
}
