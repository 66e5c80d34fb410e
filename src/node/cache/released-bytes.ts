import type { PublisherId, Sha256 } from '../../protocol/index.ts'
import type { Library } from '../library/library.ts'
import { sha256OfRawBlock } from '../library/raw-block.ts'

/** All bytes that releases of some publishers name: artifacts, and manifests kept beside their record. */
export function releasedBytes(
  { catalogue }: Pick<Library, 'catalogue'>,
  isCounted: (publisher: PublisherId) => boolean,
): ReadonlySet<Sha256> {
  const named = new Set<Sha256>()
  for (const publisher of catalogue.publishers().filter(isCounted)) {
    for (const { releases } of catalogue.publisher(publisher)?.packages.values() ?? []) {
      for (const { artifacts, manifest } of releases.values()) {
        for (const { artifact } of artifacts) named.add(artifact.sha256)
        const document = manifest !== null && 'cid' in manifest ? sha256OfRawBlock(manifest.cid) : null
        if (document !== null) named.add(document)
      }
    }
  }
  return named
}
