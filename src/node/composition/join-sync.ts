import { SyncDriver, systemClock } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { Exchange } from './exchange.ts'
import type { Everything } from './open-everything.ts'
import type { OpenHome } from './open-home.ts'

/** Catch-up of what is followed. */
export function syncOf(
  { library, relations }: OpenHome,
  exchange: Exchange,
  {
    everything,
    onHolds,
  }: {
    readonly everything: () => Everything | null
    readonly onHolds: (peer: PeerId, publishers: ReadonlySet<PublisherId>) => void
  },
): SyncDriver {
  return new SyncDriver({
    client: exchange.feedClient,
    intake: exchange.intake,
    clock: systemClock,
    random: Math.random,
    dropPeer: (peer, why) => {
      if (why === 'bad record') exchange.refusals.offended(peer, why)
      else exchange.refusals.unreliable(peer, why)
    },
    everything: {
      isWanted: () => relations.followsEverything,
      heard: publishers => everything()?.publishers.heard(publishers),
    },
    // Unknown ones were heard of because peers list them, also before anything of theirs is held here.
    isListed: publisher =>
      library.access.hasPublicPackage(publisher) || everything()?.publishers.isUnknown(publisher) === true,
    onNamed: (peer, heads) => exchange.changes.heldBy(peer, heads),
    onHolds,
    pinnedHeads: publisher => [...library.catalogue.voidedHeadsOf(publisher), ...library.lostHeads(publisher)],
  })
}
