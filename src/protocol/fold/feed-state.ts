import { ROOT_FEED } from '../ids.ts'
import type { FeedState } from './catalogue.ts'
import type { FeedChain } from './feed-chain.ts'
import type { LiveFeed } from './live-feeds.ts'

/** What is shown of a feed: where it ends and why. */
export function feedStateOf(chain: FeedChain, live: LiveFeed | null): FeedState {
  return {
    feed: live?.feed ?? ROOT_FEED,
    end: chain.counted.length + 1,
    head: chain.counted.at(-1)?.id ?? null,
    reason: chain.reason,
    visibility: live?.visibility ?? 'public',
    role: live?.role ?? 'root',
    expires: live?.expires ?? null,
  }
}
