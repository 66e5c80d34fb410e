import { isWithin, RENEW_RECORD_MS, type Reach } from '../../federation/index.ts'
import {
  HELD_TAG_LENGTH,
  isNodeAddress,
  MAX_NODE_ADDRESSES,
  MAX_NODE_HELD,
  MAX_NODE_MIRRORS,
  type NodeRecord,
  type PeerId,
  type PublisherId,
  type Sign,
  sealNodeRecord,
} from '../../protocol/index.ts'
import { reachOfAddress } from './address-reach.ts'

export interface OwnNodeRecordParts {
  readonly net: string
  readonly peer: PeerId
  readonly sign: Sign
  /** Multiaddrs at which this node listens or that it announces, with or without its peer id. */
  readonly addresses: () => readonly string[]
  /** Publishers whose public bytes it keeps. */
  readonly mirrors: () => readonly PublisherId[]
  /** Tags of publishers of which it holds public packages. */
  readonly held: () => readonly string[]
  readonly roles: () => readonly string[]
  readonly software: { readonly name: string; readonly version: string }
  readonly contact?: string | undefined
  /** ms since 1970. */
  readonly time: () => number
}

const REACHES: readonly Reach[] = ['machine', 'site', 'world']

interface Sealed {
  readonly says: string
  readonly at: number
  /** By the clock of then, which may have gone back since. */
  readonly signedAt: number
  readonly envelope: Uint8Array
}

/** What this node says of itself: one record for each reach, signed anew when what it says changes, and every twelve hours. */
export class OwnNodeRecord {
  readonly #parts: OwnNodeRecordParts
  readonly #sealed = new Map<Reach, Sealed>()

  constructor(parts: OwnNodeRecordParts) {
    this.#parts = parts
  }

  /**
   * The records for a peer met over a connection of that reach: one with all addresses that it may know first, then those that it may
   * tell to others further away.
   */
  records(reach: Reach): readonly Uint8Array[] {
    const sealed = REACHES.filter(each => isWithin(each, reach)).map(each => this.#record(each))
    const bySaying = new Map(sealed.map(each => [each.says, each.envelope]))
    return [...bySaying.values()]
  }

  #record(reach: Reach): Sealed {
    const { time, peer, net, sign } = this.#parts
    const now = time()
    const said = this.#said(reach)
    const says = JSON.stringify(said)
    const last = this.#sealed.get(reach)
    if (last !== undefined && last.says === says && Math.abs(now - last.signedAt) < RENEW_RECORD_MS) return last
    // Two records of one millisecond would not tell which is the later.
    const at = Math.max(now, (last?.at ?? 0) + 1)
    const sealed = { says, at, signedAt: now, envelope: sealNodeRecord({ peer, at, ...said }, net, sign) }
    this.#sealed.set(reach, sealed)
    return sealed
  }

  #said(reach: Reach): Omit<NodeRecord, 'peer' | 'at'> {
    const { addresses, peer, mirrors, held, roles, software, contact } = this.#parts
    const tags = partOf(held(), peer)
    const mirrored = mirrors().slice(0, MAX_NODE_MIRRORS)
    return {
      addresses: [...new Set(addresses().map(address => withoutPeer(address, peer)))]
        .filter(address => isNodeAddress(address) && isWithin(reachOfAddress(address), reach))
        .slice(0, MAX_NODE_ADDRESSES),
      roles: [...new Set([...(mirrored.length > 0 ? ['mirror'] : []), ...roles()])],
      mirrors: mirrored,
      software,
      ...(tags.length === 0 ? {} : { held: tags }),
      ...(contact === undefined ? {} : { contact }),
    }
  }
}

/** As many as a record takes; of more each node tells others, so that nodes together tell all. */
function partOf(tags: readonly string[], peer: PeerId): readonly string[] {
  const from = peer.slice(-HELD_TAG_LENGTH).toLowerCase()
  const sorted = tags.toSorted()
  const at = sorted.findIndex(tag => tag >= from)
  return [...sorted.slice(Math.max(0, at)), ...sorted.slice(0, Math.max(0, at))].slice(0, MAX_NODE_HELD)
}

const withoutPeer = (address: string, peer: PeerId): string =>
  address.endsWith(`/p2p/${peer}`) ? address.slice(0, -`/p2p/${peer}`.length) : address
