import {
  isOfLaterVersion,
  openSnapshot,
  type PeerId,
  ProtocolError,
  type PublisherId,
  type SnapshotPack,
} from '../../protocol/index.ts'
import { fetchArtifact } from '../content/fetch-artifact.ts'
import { FederationError } from '../errors.ts'
import type { KeptStreams } from '../streams/kept-streams.ts'
import { MANIFEST_REQUEST } from './answer-snapshots.ts'
import { MANIFEST_CREDIT_BYTES, MANIFEST_MS, PACK_MS } from './limits.ts'
import { PackMemory } from './pack-memory.ts'
import { type TakePackPorts, takePack } from './take-pack.ts'

export interface SnapshotPorts extends TakePackPorts {
  readonly net: string
  readonly streams: Pick<KeptStreams, 'request' | 'reportOffence'>
  readonly protocol: string
  /** Whether a record of any publisher between these two, both included, is missing here. */
  readonly wants: (first: PublisherId, last: PublisherId) => boolean
  /** Peers that may have a pack as well, beside the one that named it. */
  readonly holders: () => readonly PeerId[]
}

/** How joining went. `none`: the peer has no snapshot that this version can read. `bad`: what no honest peer sends; `failed`: the way to it. */
export type Joined = {
  readonly is: 'joined' | 'none' | 'bad' | 'failed'
  readonly packs: number
  readonly stored: number
}

/**
 * Asks a peer for its snapshot and takes in the packs that hold what is missing here, one after the other, in memory bounded by one pack.
 * What is stored stays: another try asks for the packs that are still wanted.
 */
export async function joinFromSnapshot(ports: SnapshotPorts, peer: PeerId, signal: AbortSignal): Promise<Joined> {
  let packs = 0
  let stored = 0
  const ended = (is: Joined['is']): Joined => ({ is, packs, stored })
  const manifest = await askManifest(ports, peer, signal)
  if (typeof manifest === 'string') return ended(manifest)
  const memory = new PackMemory()
  for (const pack of manifest.packs) {
    if (!ports.wants(pack.first, pack.last)) continue
    const bytes = await fetchPack(ports, memory, pack, peer, signal)
    if (typeof bytes === 'string') return ended(bytes)
    const taken = await takePack(ports, bytes, manifest.maker, signal)
    memory.pack = null
    packs++
    stored += taken.stored
    if (taken.is === 'bad') {
      ports.streams.reportOffence(peer, 'record-invalid')
      return ended('bad')
    }
  }
  return ended('joined')
}

async function askManifest({ streams, protocol, net }: SnapshotPorts, peer: PeerId, signal: AbortSignal) {
  const within = AbortSignal.any([signal, AbortSignal.timeout(MANIFEST_MS)])
  try {
    const bounds = { signal: within, creditBytes: MANIFEST_CREDIT_BYTES, firstByteMs: MANIFEST_MS }
    for await (const part of streams.request(peer, protocol, MANIFEST_REQUEST, bounds)) {
      const snapshot = openSnapshot(part, net)
      if (snapshot.maker !== peer) throw new ProtocolError('E_RECORD', 'made by another node')
      return snapshot
    }
    return 'none'
  } catch (error) {
    signal.throwIfAborted()
    if (isOfLaterVersion(error)) return 'none'
    if (error instanceof ProtocolError) {
      streams.reportOffence(peer, 'message-malformed')
      return 'bad'
    }
    return error instanceof FederationError && error.code === 'E_NOT_FOUND' ? 'none' : 'failed'
  }
}

/** A pack whose bytes are what the manifest says, from the peer that named it or another that has it. */
async function fetchPack(
  { streams, protocol, holders }: SnapshotPorts,
  memory: PackMemory,
  pack: SnapshotPack,
  peer: PeerId,
  signal: AbortSignal,
): Promise<Uint8Array | 'bad' | 'failed'> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(PACK_MS)])
  try {
    await fetchArtifact({ streams, protocol, sink: memory }, pack, new Set([peer, ...holders()]), { signal: within })
  } catch (error) {
    signal.throwIfAborted()
    if (!within.aborted) throw error
  }
  return memory.pack ?? 'failed'
}
