import { KnownPeers } from './known-peers.ts'
import { VerifiedRecords } from './verified-records.ts'

/** What searches of one network leave to the next ones; lost when the node ends. */
export class SearchMemory {
  readonly peers = new KnownPeers()
  readonly records: VerifiedRecords

  constructor(net: string) {
    this.records = new VerifiedRecords(net)
  }
}
