import type { GossipsubOpts } from '@libp2p/gossipsub'

/** What a user of gossipsub gets; of one address alone the score of colocated peers would empty every mesh. */
export function gossipOptionsOf(): Partial<GossipsubOpts> {
  return { scoreParams: { IPColocationFactorWeight: 0 } }
}
