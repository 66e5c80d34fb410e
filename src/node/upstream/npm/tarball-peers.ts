import type { Sha256 } from '../../../protocol/index.ts'
import type { ExpectedDigests } from './npm-digest.ts'

/** A version that the upstream's document lists. */
export interface WantedTarball {
  readonly name: string
  readonly version: string
  /** What its bytes must be; reads the document. */
  readonly expected: () => ExpectedDigests
}

/** Other nodes that may have an upstream's tarballs. */
export interface TarballPeers {
  /** The sha-256 of bytes that are now held and as expected, if peers brought them in a short time; else null. */
  bring(wanted: WantedTarball, signal: AbortSignal): Promise<Sha256 | null>
  /** A version's bytes are held and as the upstream's document says. */
  kept(name: string, version: string): void
}
