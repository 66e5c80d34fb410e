import { hasExpired, type PackageName, type PublisherId } from '../../protocol/index.ts'
import type { Document, SearchQuery } from '../index/index.ts'
import { searchDocumentOf } from '../library/search-document.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'

/** What the index may show at a time, ms since 1970: nothing of blocked publishers, of each package what has not expired. */
export function shownNow(
  { library, relations }: Pick<NodeContext, 'library' | 'relations'>,
  now: number,
): Required<Pick<SearchQuery, 'mayShow' | 'shownAs'>> {
  return {
    mayShow: publisher => !relations.relationOf(publisher as PublisherId).block,
    shownAs: document => {
      const read = unlessDamaged(() => ({ shown: shownOf(library, document, now) }))
      if (read !== null) return read.shown
      // One damaged record keeps nothing else from being found. A name that not everyone may hear of stays known as such.
      return document.isPublic ? null : document
    },
  }
}

function shownOf(library: NodeContext['library'], document: Document, now: number): Document | null {
  const publisher = document.publisher as PublisherId
  const state = library.package(publisher, document.package as PackageName)
  const release = state?.releases.get(document.version)
  if (release?.state === 'live' && !hasExpired(release.expires, now)) return document
  const earlier = state === null ? null : searchDocumentOf(publisher, state, now)
  // A package is used however it is shown, and its own records do not say how much.
  return earlier === null ? null : { ...earlier, popularity: document.popularity }
}
