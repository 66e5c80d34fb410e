import { createHash, type Hash, hash } from 'node:crypto'

/** Hashes one artifact, wherever that is done: its leaves one by one, and all of it in order. Rejections are failures of this node. */
export interface ArtifactHash {
  /** Whether these bytes have this sha-256; with `inWhole` they are then the next of the whole. The bytes stay the caller's. */
  check(bytes: Uint8Array, digest: Uint8Array, inWhole: boolean): Promise<boolean>
  /** The next bytes of the whole. */
  add(bytes: Uint8Array): Promise<void>
  /** The whole's sha-256, hex. */
  end(): Promise<string>
  /** Nothing more is asked of it. */
  close(): void
}

/** On this thread. */
export function hashHere(): ArtifactHash {
  let begun: Hash | null = null
  const whole = () => {
    begun ??= createHash('sha256')
    return begun
  }
  return {
    async check(bytes, digest, inWhole) {
      if (inWhole && begun === null) {
        // What the whole begins with is hashed once for both.
        const both = createHash('sha256').update(bytes)
        if (!both.copy().digest().equals(digest)) return false
        begun = both
        return true
      }
      if (!hash('sha256', bytes, 'buffer').equals(digest)) return false
      if (inWhole) whole().update(bytes)
      return true
    },
    async add(bytes) {
      whole().update(bytes)
    },
    end: async () => whole().digest('hex'),
    close: () => {},
  }
}
