import type { Sha256 } from '../../protocol/index.ts'
import { tarballRows } from '../cache/index.ts'
import type { NodeContext } from '../node-context.ts'

/** Altered artifacts that one answer names; the count is of all. */
const MAX_NAMED = 1_000

/** Reads all bytes kept of upstreams; altered ones are dropped and come again from the upstream when somebody asks. */
export async function verifyCache(node: NodeContext, signal: AbortSignal): Promise<object> {
  const entries = await node.ledger.entries()
  const altered = new Set<Sha256>()
  let bytes = 0
  for (const { sha256, size } of entries) {
    signal.throwIfAborted()
    bytes += size
    if (!(await node.artifacts.isIntact(sha256))) altered.add(sha256)
  }
  const names = await namesOf(node, altered)
  const gone = entries.filter(({ sha256 }) => altered.has(sha256))
  for (const sha256 of altered) await node.incoming.removeForeign(sha256)
  await node.ledger.forget(gone)
  return {
    artifacts: entries.length,
    bytes,
    altered: gone.slice(0, MAX_NAMED).map(({ sha256 }) => ({ sha256, names: names.get(sha256) ?? [] })),
    alteredCount: gone.length,
  }
}

async function namesOf(node: NodeContext, wanted: ReadonlySet<Sha256>): Promise<ReadonlyMap<Sha256, string[]>> {
  const names = new Map<Sha256, string[]>()
  if (wanted.size === 0) return names
  for await (const { sha256, name, version } of tarballRows(node.database)) {
    if (wanted.has(sha256)) names.set(sha256, [...(names.get(sha256) ?? []), `npm:${name}@${version}`])
  }
  return names
}
