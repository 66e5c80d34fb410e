import { z } from 'zod'
import { parseByteSize } from './byte-size.ts'

/** How much of the disk stays free: a share or bytes. */
export type MinFree = { readonly percent: number } | { readonly bytes: number }

/** Reads a share such as `5%`, or a size; null for anything else. */
function parseMinFree(text: string): MinFree | null {
  const percent = /^(\d{1,2}(?:\.\d{1,2})?) ?%$/.exec(text)?.[1]
  if (percent !== undefined) return { percent: Number(percent) }
  const bytes = parseByteSize(text)
  return bytes === null ? null : { bytes }
}

const isMax = (text: string) => text === 'unlimited' || parseByteSize(text) !== null
const isMinFree = (text: string) => parseMinFree(text) !== null
const sizeText = z.union([z.int().nonnegative(), z.string().max(32)]).transform(String)

/** `cache` of config.yaml. Without a bound the cache grows until the disk has only `minFree` left. */
export const cacheSettingsSchema = z.strictObject({
  max: sizeText.refine(isMax, 'must be a size such as 20GB, or unlimited').default('unlimited'),
  minFree: sizeText.refine(isMinFree, 'must be a share such as 5% or a size such as 10GB').default('5%'),
})
export type CacheSettings = z.output<typeof cacheSettingsSchema>

/** Bytes of upstreams that are kept at most; null: no bound. */
export const maxBytesOf = ({ max }: CacheSettings): number | null => parseByteSize(max)

export function minFreeOf({ minFree }: CacheSettings): MinFree {
  const parsed = parseMinFree(minFree)
  if (parsed === null) throw new TypeError('a checked setting is a share or a size')
  return parsed
}
