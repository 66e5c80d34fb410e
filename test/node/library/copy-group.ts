import { CopyBook, ROUND_MS, type SeenCopies } from '../../../src/node/library/copy-book.ts'
import type { Artifact, BlockId, PeerId, PublisherId, Sha256 } from '../../../src/protocol/index.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const acme = 'acme' as PublisherId

export const artifactAt = (n: number): Artifact => ({
  name: `a${n}`,
  cid: `cid${n}` as BlockId,
  size: 1,
  sha256: n.toString(16).padStart(64, '0') as Sha256,
})

interface Mirror {
  readonly peer: PeerId
  readonly book: CopyBook
  readonly held: Set<BlockId>
}

/**
 * Mirrors of one publisher that want `copies` of each of its artifacts, with their real books. Each hears at the end of a round what
 * the others hold; who died is known to be gone from then on, unless `ghosts` still pass for mirrors that might fetch.
 */
export function copyGroup({ mirrors, copies, artifacts }: { mirrors: number; copies: number; artifacts: number }) {
  const clock = new HandClock()
  const all = Array.from({ length: artifacts }, (_, n) => artifactAt(n))
  const alive = new Map<PeerId, Mirror>()
  const ghosts = new Set<PeerId>()
  let stated = new Map<PeerId, ReadonlySet<BlockId>>()
  let fetches = 0
  const seenBy = (self: PeerId): SeenCopies => ({
    whole: [],
    partial: new Map([...stated].filter(([peer]) => peer !== self)),
    mirrors: [...alive.keys(), ...ghosts].filter(peer => peer !== self),
  })
  for (let i = 0; i < mirrors; i++) {
    const peer = `peer${i}` as PeerId
    const held = new Set<BlockId>()
    const book = new CopyBook({
      self: peer,
      wantedOf: () => copies,
      seenOf: () => seenBy(peer),
      isOpen: () => true,
      holds: async ({ cid }) => held.has(cid),
      hasBytes: async cid => held.has(cid),
      clock,
    })
    alive.set(peer, { peer, book, held })
  }
  const state = () => {
    const counts = all.map(({ cid }) => [...alive.values()].filter(({ held }) => held.has(cid)).length)
    return { least: Math.min(...counts), most: Math.max(...counts), sum: counts.reduce((a, b) => a + b, 0), fetches }
  }
  const round = async () => {
    clock.pass(ROUND_MS)
    for (const { book, held } of alive.values()) {
      book.stale()
      for (const artifact of all) {
        const isWanted = await book.isWanted(acme, { name: artifact.name as never, artifact })
        if (!isWanted || held.has(artifact.cid)) continue
        held.add(artifact.cid)
        fetches++
      }
    }
    stated = new Map([...alive.values()].map(({ peer, held }) => [peer, new Set(held)]))
  }
  const kill = (peer: PeerId, isGhost = false) => {
    alive.delete(peer)
    stated.delete(peer)
    if (isGhost) ghosts.add(peer)
  }
  const lose = (peer: PeerId, lost: (cid: BlockId) => boolean) => {
    const held = alive.get(peer)?.held ?? new Set<BlockId>()
    for (const cid of held) if (lost(cid)) held.delete(cid)
    stated.set(peer, new Set(held))
  }
  return { alive, round, kill, lose, state }
}
