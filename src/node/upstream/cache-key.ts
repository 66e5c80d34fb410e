import { createHash } from 'node:crypto'
import type { UpstreamSettings } from './settings.ts'

/** Hex digits of a digest that tell the addresses apart which one operator ever gives one name. */
const DIGEST_CHARS = 16

/** Under which folder and keys an upstream's cache lies: another address under the same name is another registry. */
export function cacheKeyOf({ name, url }: Pick<UpstreamSettings, 'name' | 'url'>): string {
  const digest = createHash('sha256').update(new URL(url).href).digest('hex').slice(0, DIGEST_CHARS)
  // Names hold no dot, so that no name is another's key.
  return `${name}.${digest}`
}
