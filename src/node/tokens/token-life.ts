import { NodeError } from '../errors.ts'
import { MAX_LIFE_MS } from './limits.ts'

const UNIT_MS = { h: 60 * 60_000, d: 24 * 60 * 60_000, w: 7 * 24 * 60 * 60_000, y: 365 * 24 * 60 * 60_000 } as const

/** Reads how long a token is to live, as typed: `12h`, `90d`, `8w`, `1y`; in ms. @throws NodeError E_USAGE */
export function lifeMsOf(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([hdwy])$/.exec(text) ?? []
  const life = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  if (life <= MAX_LIFE_MS) return life
  throw new NodeError('E_USAGE', `${JSON.stringify(text.slice(0, 40))} is no time that a token lives`, {
    hint: '--expires 90d: hours, days, weeks or years (h, d, w, y), ten years at most',
  })
}
