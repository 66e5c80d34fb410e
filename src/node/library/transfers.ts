import type { TransferProgress } from '../../federation/index.ts'
import type { Artifact, PeerId, PublisherId, Sha256 } from '../../protocol/index.ts'

/** Askers remembered of one transfer: an install each. */
const MAX_ASKERS = 16
/** Peers named of one transfer, those that brought most. */
const MAX_PEERS_TOLD = 16

/** An artifact that peers are sending now. */
export interface Transfer {
  readonly sha256: Sha256
  readonly fileName: string
  readonly publisher: PublisherId
  /** The package URLs that installs asked for, as they did. */
  readonly asked: readonly string[]
  /** Bytes of the whole, and of it those that are here: `kept` of an earlier fetch among them. */
  readonly size: number
  readonly bytes: number
  readonly kept: number
  /** Since this fetch began to ask peers, ms. */
  readonly forMs: number
  /** Peers that bytes came from, most first; bytes not thrown away. */
  readonly mirrors: readonly { readonly peer: PeerId; readonly bytes: number }[]
}

/** Takes notes of one transfer; `asked` adds the package URL of an install that waits for it. */
export interface TransferNotes extends TransferProgress {
  asked(purl: string): void
  /** It has its place and asks peers: from now on it is shown. */
  begins(): void
  ends(): void
}

/** What peers are sending now: as many as the fetcher has places for. */
export class Transfers {
  readonly #running = new Set<() => Transfer>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** All of them, the oldest first. */
  list(): readonly Transfer[] {
    return [...this.#running].map(told => told())
  }

  notesOf({ sha256, name, size }: Artifact, publisher: PublisherId): TransferNotes {
    const asked = new Set<string>()
    const mirrors = new Map<PeerId, number>()
    let [keptBytes, cameBytes, beganMs] = [0, 0, 0]
    const told = (): Transfer => ({
      ...{ sha256, fileName: name, publisher, asked: [...asked], size, kept: keptBytes },
      bytes: Math.min(size, keptBytes + cameBytes),
      forMs: this.#now() - beganMs,
      mirrors: mostFirst(mirrors),
    })
    return {
      asked: purl => {
        if (asked.size < MAX_ASKERS) asked.add(purl)
      },
      begins: () => {
        beganMs = this.#now()
        this.#running.add(told)
      },
      ends: () => this.#running.delete(told),
      kept: bytes => {
        keptBytes = bytes
      },
      came: (peer, bytes) => {
        cameBytes += bytes
        mirrors.set(peer, (mirrors.get(peer) ?? 0) + bytes)
        if (mirrors.get(peer) === 0) mirrors.delete(peer)
      },
    }
  }
}

function mostFirst(mirrors: ReadonlyMap<PeerId, number>): Transfer['mirrors'] {
  const rows = [...mirrors].map(([peer, bytes]) => ({ peer, bytes }))
  return rows.toSorted((a, b) => b.bytes - a.bytes).slice(0, MAX_PEERS_TOLD)
}
