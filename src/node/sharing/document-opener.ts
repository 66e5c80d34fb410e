import type { ArtifactStore } from '../storage/index.ts'
import { MAX_MANIFEST_BYTES } from './limits.ts'
import type { MadePackumentsParts } from './made-packuments.ts'
import type { PeerBytes } from './peer-bytes.ts'

/** Opens the documents that publishers stated, from here or from peers. */
export function documentOpener(bytes: PeerBytes, artifacts: Pick<ArtifactStore, 'open'>): MadePackumentsParts['open'] {
  return async (statement, signal) => {
    if (statement.artifact.size > MAX_MANIFEST_BYTES) return null
    // The publisher signed these bytes themselves; what they say of the version is compared afterwards.
    const sha256 = await bytes.bring([statement], null, 'patience', signal).catch(error => {
      // What could not be brought in time is left out.
      if (signal.aborted) return null
      throw error
    })
    const held = sha256 === null ? null : await artifacts.open(sha256)
    // What is here already may be anything: a publisher names bytes by their digest, and may lie about their size.
    if (held === null || held.size !== statement.artifact.size) return null
    const chunks: Uint8Array[] = []
    for await (const chunk of held.bytes) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
}
