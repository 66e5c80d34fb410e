import { describeFeedStore } from './feed-store-contract.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'

describeFeedStore('in memory', async () => new MemoryFeedStore())
