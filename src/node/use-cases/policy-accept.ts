import type { Readable } from 'node:stream'
import { z } from 'zod'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import type { ReleaseList } from '../policy/index.ts'
import { type LockedVersions, releasesOf } from './policy-test.ts'

/** Bytes of one list of releases: a lock file with 100,000 of them. */
const MAX_LIST_BYTES = 8 * 2 ** 20

const listSchema = z.record(z.string().max(256), z.array(z.string().max(256)))

/** Lets locked releases stay allowed (exempt from age and look-alike, never from malware), or takes that back. */
export async function acceptLocked(
  node: NodeContext,
  list: Readable,
  { remove, who }: { readonly remove: boolean; readonly who: string },
): Promise<object> {
  const locked = await lockedVersionsOf(list)
  const releases = releasesOf(locked)
  const byPackage = Map.groupBy(releases, release => release.package)
  const named: ReleaseList = Object.fromEntries(
    [...byPackage].map(([name, group]) => [name, group.map(({ version }) => version)]),
  )
  const asked = { who, what: remove ? 'policy.unaccept' : 'policy.accept' }
  const changed = await node.policy.accept(asked, named, !remove)
  return { releases: releases.length, changed, accepted: node.policy.contents().accepted, removed: remove }
}

async function lockedVersionsOf(list: Readable): Promise<LockedVersions> {
  const chunks: Buffer[] = []
  let size = 0
  // A refusal must still be read by the client, so the request is left open here and closed after the answer.
  for await (const chunk of list.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_LIST_BYTES) throw new NodeError('E_TOO_LARGE', `a list has more than ${MAX_LIST_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    return listSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch (cause) {
    throw new NodeError('E_USAGE', 'not a list of versions by name', { cause })
  }
}
