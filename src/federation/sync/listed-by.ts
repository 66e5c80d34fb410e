import {
  encodeFeedRequest,
  HEADS_SINCE_FEATURE,
  type PeerId,
  type PublisherId,
  parsePublishers,
} from '../../protocol/index.ts'
import type { FeedClient } from './fetch-range.ts'

/** The publishers that a peer lists, page by page, at most `maxPages`; none of a peer of the version before. */
export async function* listedBy(
  client: FeedClient,
  peer: PeerId,
  { maxPages, signal }: { readonly maxPages: number; readonly signal: AbortSignal },
): AsyncGenerator<readonly PublisherId[]> {
  const features = await client.features?.(peer, { signal })
  if (!features?.has(HEADS_SINCE_FEATURE)) return
  let after: PublisherId | null = null
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await pageAfter(client, peer, after, signal)
    const last = page.at(-1)
    // A page that does not go on is the last, or made to be read for ever.
    if (last === undefined || (after !== null && last <= after)) return
    yield page
    after = last
  }
}

async function pageAfter(client: FeedClient, peer: PeerId, after: PublisherId | null, signal: AbortSignal) {
  for await (const part of client.request(peer, encodeFeedRequest({ ask: 'publishers', after }), { signal }))
    return parsePublishers(part) ?? []
  return []
}
