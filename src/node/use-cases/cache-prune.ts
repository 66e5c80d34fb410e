import { type Pruned, parseByteSize } from '../cache/index.ts'
import { NodeError } from '../errors.ts'
import type { PruneInput } from '../http/cache-services.ts'
import type { NodeContext } from '../node-context.ts'
import { formerCaches, removeFormerCaches } from './cache-former.ts'

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Lets go of upstream bytes that were not used of late or are too many, and of what former upstreams left. */
export async function pruneCache(
  node: NodeContext,
  { olderThan, to, dryRun }: PruneInput,
  who: string,
): Promise<Pruned & { readonly formerCaches: readonly string[]; readonly dryRun: boolean }> {
  const unusedMs = olderThan === undefined ? undefined : durationOf(olderThan)
  const toBytes = to === undefined ? undefined : sizeOf(to)
  const former = await formerCaches(node)
  if (!dryRun) await removeFormerCaches(node, former)
  const request = { ...(unusedMs === undefined ? {} : { unusedMs }), ...(toBytes === undefined ? {} : { toBytes }) }
  const pruned = await node.cache.prune({ ...request, dryRun })
  if (!dryRun) await node.audit.append({ at: Date.now(), who, what: 'cache.prune', ...pruned })
  return { ...pruned, formerCaches: former, dryRun }
}

function durationOf(text: string): number {
  const match = /^(\d{1,5})([mhdw])$/.exec(text)
  const ms = UNIT_MS[match?.[2] ?? '']
  if (match !== null && ms !== undefined) return Number(match[1]) * ms
  throw new NodeError('E_USAGE', `${text.slice(0, 32)} is no time`, { hint: '--older-than 30d' })
}

function sizeOf(text: string): number {
  const bytes = parseByteSize(text)
  if (bytes !== null) return bytes
  throw new NodeError('E_USAGE', `${text.slice(0, 32)} is no size`, { hint: '--to 5GB' })
}
