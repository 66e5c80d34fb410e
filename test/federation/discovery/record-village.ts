import {
  FederationError,
  NodeRecords,
  type OffenceCode,
  type Reach,
  type RequestHandler,
} from '../../../src/federation/index.ts'
import {
  type NodeRecord,
  openNodeRecord,
  type PeerId,
  type PublisherId,
  peerIdOfKey,
  sealNodeRecord,
} from '../../../src/protocol/index.ts'
import { signingKey } from '../../protocol/records/signing-key.ts'
import { TestClock } from '../streams/duplex-pair.ts'

const NET = 'village'
export const NOW = Date.UTC(2026, 10, 22)

/** The signed record of the node of a seed; at 192.0.2.SEED unless told. */
export function recordOf(seed: number, change: Partial<NodeRecord> = {}): Uint8Array {
  const key = signingKey(seed)
  const said = { at: NOW, addresses: [`/ip4/192.0.2.${seed}/tcp/1`], roles: [], mirrors: [] }
  const record = { peer: peerIdOfKey(key.publicKey), ...said, software: { name: 'hanse', version: '1' }, ...change }
  return sealNodeRecord(record, NET, key.sign)
}

export const idOf = (seed: number): PeerId => peerIdOfKey(signingKey(seed).publicKey)

const reachOfAddress = (address: string): Reach =>
  address.startsWith('/ip4/127.') ? 'machine' : address.startsWith('/ip4/10.') ? 'site' : 'world'

/** A node that exchanges records with others in memory. */
export interface Villager {
  readonly id: PeerId
  readonly records: NodeRecords
  readonly handler: RequestHandler
  readonly heard: { readonly record: NodeRecord; readonly from: PeerId }[]
  readonly offences: { readonly peer: PeerId; readonly code: OffenceCode }[]
  /** How often it checked a signature. */
  checks: number
}

/** Nodes of one clock; who is linked with whom, and over what, is for the test to say. */
export class Village implements AsyncDisposable {
  readonly clock = new TestClock()
  readonly #links = new Map<string, Reach>()
  readonly #handlers = new Map<PeerId, RequestHandler>()
  readonly #villagers: Villager[] = []

  villager(seed: number, own: (reach: Reach) => readonly Uint8Array[] = () => [recordOf(seed)]): Villager {
    const id = idOf(seed)
    const ports = {
      request: (peer: PeerId, payload: Uint8Array, { signal }: { readonly signal: AbortSignal }) => {
        const handler = this.#handlers.get(peer)
        if (handler === undefined) throw new FederationError('E_PEER_UNREACHABLE', 'no such protocol')
        return handler({ peer: id, payload, signal })
      },
      open: async (envelope: Uint8Array) => {
        villager.checks++
        return openNodeRecord(envelope, NET)
      },
      ...{ own, reachOfAddress, self: id, clock: this.clock, time: () => NOW + this.clock.now(), random: () => 0.5 },
      reachOf: (peer: PeerId) => this.#links.get(linkOf(id, peer)) ?? null,
      connectedPeers: () => this.#linkedTo(id),
      isLacking: () => false,
      wantedMirrors: () => [] as readonly PublisherId[],
      onRecords: (records: readonly NodeRecord[], from: PeerId) =>
        villager.heard.push(...records.map(record => ({ record, from }))),
      onOffence: (peer: PeerId, code: OffenceCode) => villager.offences.push({ peer, code }),
    }
    const records = new NodeRecords(ports)
    const villager: Villager = { id, records, handler: records.answer(), heard: [], offences: [], checks: 0 }
    this.#villagers.push(villager)
    this.#handlers.set(id, villager.handler)
    return villager
  }

  /** A peer that answers as it likes; null: it has not the protocol. */
  stranger(seed: number, handler: RequestHandler | null): PeerId {
    if (handler !== null) this.#handlers.set(idOf(seed), handler)
    return idOf(seed)
  }

  /** The first dials the second. */
  link(from: Villager, to: Villager | PeerId, reach: Reach = 'world'): void {
    const other = typeof to === 'string' ? to : to.id
    this.#links.set(linkOf(from.id, other), reach)
    from.records.connected(other, 'dialled')
    if (typeof to !== 'string') to.records.connected(from.id, 'came')
  }

  #linkedTo(id: PeerId): PeerId[] {
    const ends = [...this.#links.keys()].map(link => link.split(' ') as PeerId[]).filter(pair => pair.includes(id))
    return ends.map(([a, b]) => (a === id ? b! : a!))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { records } of this.#villagers) await records[Symbol.asyncDispose]()
  }
}

const linkOf = (a: PeerId, b: PeerId): string => [a, b].toSorted().join(' ')
