import { createReadStream } from 'node:fs'
import { layoutOf } from '../../federation/index.ts'
import type { Sha256 } from '../../protocol/index.ts'
import { type ArtifactFiles, sha256OfFile } from './artifact-files.ts'
import type { ArtifactIndex } from './artifact-index.ts'

/**
 * What a check of one artifact says; `why` says what is wrong: other bytes, no file, a file nobody knows, or good bytes that were
 * withdrawn because what the database said of them was not.
 */
export interface ArtifactCheck {
  readonly sha256: Sha256
  readonly path: string
  readonly ok: boolean
  readonly why: null | 'altered' | 'missing' | 'unknown' | 'withdrawn'
}

/** Reads every artifact, and every file that nobody knows, and says which are as they should be; changes nothing. */
export async function* checkArtifacts(files: ArtifactFiles, index: ArtifactIndex): AsyncGenerator<ArtifactCheck> {
  const known = new Set<Sha256>()
  for await (const { sha256, damaged } of index.entries()) {
    known.add(sha256)
    const path = files.path(sha256)
    const found = await sha256OfFile(path)
    const healthy = damaged ? 'withdrawn' : null
    const why = found === null ? 'missing' : found === sha256 ? healthy : 'altered'
    yield { sha256, path, ok: why === null, why }
  }
  for await (const sha256 of files.names()) {
    if (!known.has(sha256)) yield { sha256, path: files.path(sha256), ok: false, why: 'unknown' }
  }
}

/**
 * Makes the store true again after a bad check: an altered file is moved aside and forgotten, a missing one forgotten, an
 * unknown one adopted if its bytes fit its name, a withdrawn one offered again. Returns where the file is now.
 */
export async function repairArtifact(
  files: ArtifactFiles,
  index: ArtifactIndex,
  { sha256, path, why }: ArtifactCheck,
): Promise<string | null> {
  if (why === null) return path
  if (why === 'withdrawn' || (why === 'unknown' && (await sha256OfFile(path)) === sha256)) {
    const layout = await layoutOf(createReadStream(path))
    await index.put(layout)
    return path
  }
  const aside = await files.moveAside(sha256)
  const entry = await index.entry(sha256)
  if (entry !== null) await index.remove(entry)
  return aside
}
