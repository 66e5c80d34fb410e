import type { PeerId, RecordId, WellFormedRecord } from '../../../src/protocol/index.ts'

/** A proof that a peer lies reached a node. */
interface ProvenLie {
  readonly liar: PeerId
  readonly victim: PeerId
  readonly at: number
}

/** What the simulation knows and no node does: who said what, and what must never be believed. */
export class Ledger {
  /** Public records that publishers made, in the order of their making. */
  readonly written: WellFormedRecord[] = []
  /** Private ones: whoever else holds one was told a secret. */
  readonly hidden: WellFormedRecord[] = []
  /** Announcements that honest nodes made of them, by their bytes. */
  readonly news = new Map<string, WellFormedRecord>()
  /** Announcements that no honest node accepts, by their bytes. */
  readonly forged = new Set<string>()
  /** Records that no honest node stores. */
  readonly invalid = new Map<RecordId, string>()
  readonly lies: ProvenLie[] = []
  /** Times at which a node dropped a peer, by `<node> <peer>`. */
  readonly drops = new Map<string, number[]>()

  dropped(node: PeerId, peer: PeerId, now: number): void {
    const key = `${node} ${peer}`
    this.drops.set(key, [...(this.drops.get(key) ?? []), now])
  }

  /** Nodes that kept a peer whose lie they could prove. */
  unpunished(): string[] {
    return this.lies
      .filter(({ liar, victim, at }) => !this.drops.get(`${victim} ${liar}`)?.some(time => time >= at))
      .map(({ liar, victim }) => `${victim} keeps ${liar}, which it caught lying`)
  }
}

/** Bytes as a key. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
