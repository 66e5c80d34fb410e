import type { Candidates } from './candidates.ts'
import type { Connections } from './connections.ts'
import type { DhtDuties } from './dht-duties.ts'
import type { Rotation } from './rotation.ts'
import type { SearchCover } from './search-cover.ts'

/** What the peer keeper decides by who is dialled and who goes. */
export interface KeeperState {
  readonly candidates: Candidates
  readonly connections: Connections
  readonly dht: DhtDuties
  readonly cover: SearchCover
  readonly rotation: Rotation
  /** 0 (inclusive) to 1. */
  readonly random: () => number
}
