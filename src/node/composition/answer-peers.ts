import { answerSearches, contentHandler, FeedHandler, heldBack, systemClock } from '../../federation/index.ts'
import { ListedPublishers } from '../library/listed-publishers.ts'
import type { NodeContext } from '../node-context.ts'
import { heldTags, searchPublic } from '../use-cases/search-public.ts'
import type { Exchange } from './exchange.ts'
import type { OpenHome } from './open-home.ts'

/** Answers what peers ask for: feeds, blocks and searches. */
export function answerPeers(home: OpenHome, exchange: Exchange, node: NodeContext): void {
  const { streams, protocols, changes } = exchange
  const { gate, artifacts, library, relations } = home
  // Blocked it was served to nobody: those who asked meanwhile have not heard of it.
  relations.onChange((publisher, before) => {
    if (before.block) changes.log.touch(publisher)
  })
  const feeds = new FeedHandler({
    store: library.store,
    changes,
    hold: heldBack({ clock: systemClock, random: Math.random, isAnnounced: head => library.access.isPublic(head) }),
    mayServeFeed: (feed, peer) => library.isWhole(feed) && gate.mayServeFeed(feed, peer),
    mayLookUp: (peer, publishers) => exchange.charges.mayLookUp(peer, publishers),
    listed: new ListedPublishers(library.access, relations),
  })
  streams.handle(protocols.feed, request => feeds.handle(request))
  const source = { readBlock: artifacts.readBlock.bind(artifacts) }
  streams.handle(
    protocols.content,
    contentHandler(
      source,
      (cid, peer) => gate.mayServeBlock(cid, peer),
      peer => exchange.charges.missed(peer),
    ),
  )
  streams.handle(
    protocols.search,
    answerSearches({
      searchPublic: query => searchPublic(node, query),
      held: () => heldTags(node),
      clock: systemClock,
    }),
  )
}
