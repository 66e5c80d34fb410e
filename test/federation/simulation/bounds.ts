import * as gossip from '../../../src/federation/gossip/limits.ts'
import * as sync from '../../../src/federation/sync/limits.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** No world has more. */
const MOST_PEERS = 10

/** What each structure that a stranger can fill may hold. */
const BOUNDS: Readonly<Record<string, number>> = {
  asks: sync.MAX_SYNC_PEERS * (sync.MAX_RANGES_PER_PEER + sync.MAX_HEAD_ASKS_PER_PEER),
  syncPeers: sync.MAX_SYNC_PEERS,
  subscribedTo: sync.MAX_SYNC_PEERS,
  newsBudgets: sync.MAX_SYNC_PEERS,
  namedTurns: sync.MAX_SYNC_PEERS,
  rangesAhead: sync.MAX_RANGES_AHEAD,
  struckPeers: sync.MAX_STRUCK_PEERS,
  pacedPeers: sync.MAX_SYNC_PEERS,
  headAsksOfPeer: sync.MAX_HEAD_ASKS_PER_PEER,
  rangesOfPeer: sync.MAX_RANGES_PER_PEER,
  wants: sync.MAX_WANTS + sync.MAX_SYNC_PEERS * sync.ASSURED_WANTS_PER_PEER,
  wantsOfPeer: sync.MAX_WANTS_PER_PEER,
  wantsOfPeerInFeed: sync.MAX_WANTS_PER_FEED,
  refusedTips: sync.MAX_REFUSED_TIPS,
  newerFeeds: sync.MAX_NEWER_FEEDS,
  subscriptionsOfPeer: sync.MAX_SUBSCRIPTIONS_PER_PEER,
  watchers: MOST_PEERS,
  waitingHeads: sync.MAX_WAITING_HEADS,
  loggedFeeds: 2 * sync.MAX_LOGGED_FEEDS,
  toldPeers: sync.MAX_SYNC_PEERS,
  absentCookies: sync.MAX_ABSENT_COOKIES,
  recentIds: sync.MAX_RECENT_IDS,
  knownRoots: sync.MAX_KNOWN_ROOTS,
  knownRootEntries: sync.MAX_KNOWN_ROOT_ENTRIES,
  recentRootRecords: sync.MAX_RECENT_ROOT_RECORDS,
  peerBudgets: gossip.MAX_BUDGETS,
  feedBudgets: gossip.MAX_BUDGETS,
  unknownPeerBudgets: gossip.MAX_BUDGETS,
  unknownFeedBudgets: gossip.MAX_BUDGETS,
  seenRecords: gossip.MAX_SEEN_RECORDS,
  seenFeeds: gossip.MAX_SEEN_FEEDS,
  waitingCommits: gossip.MAX_WAITING_COMMITS,
}

/** Structures of a node that hold more than they may, or of which nobody said how much. */
export function overBounds({ peer, life }: SimulatedNode): string[] {
  return Object.entries(life?.sizes ?? {})
    .filter(([name, size]) => !(size <= (BOUNDS[name] ?? -1)))
    .map(([name, size]) => `${peer} holds ${size} ${name}, more than ${BOUNDS[name]}`)
}
