import type { PackageName } from '../../protocol/index.ts'
import { BoundedMap } from '../upstream/bounded-map.ts'
import type { KeptPackument } from '../upstream/npm/kept-packument.ts'
import { digestTextsOf, isMarked } from './digest-text.ts'
import { MAX_COMPARED_NAMES } from './limits.ts'
import type { StatedVersions } from './origin-statements.ts'

interface Compared {
  readonly revision: string
  /** What was compared with that document: other statements are other objects. */
  readonly stated: readonly StatedVersions[]
  /** What the document says of each version that was stated and that it lists. */
  readonly texts: ReadonlyMap<string, readonly string[]>
}

/** What the upstreams' own documents say of versions that were stated, as far as those documents went by here. */
export class ComparedDigests {
  readonly #compared = new BoundedMap<string, Compared>(MAX_COMPARED_NAMES)

  /** Takes note of a document; it is read only where a digest may differ. */
  note(name: PackageName, upstream: string, packument: KeptPackument, stated: readonly StatedVersions[]): void {
    const key = keyOf(name, upstream)
    const known = this.#compared.get(key)
    if (known !== undefined && known.revision === packument.revision && isSame(known.stated, stated)) return
    this.#compared.set(key, { revision: packument.revision, stated, texts: textsOf(packument, stated) })
  }

  /** What the upstream says of a version's bytes; null: it does not list it, or its document was not seen. */
  of(name: PackageName, upstream: string, version: string): readonly string[] | null {
    return this.#compared.get(keyOf(name, upstream))?.texts.get(version) ?? null
  }
}

const keyOf = (name: PackageName, upstream: string): string => `${upstream} ${name}`

const isSame = (a: readonly StatedVersions[], b: readonly StatedVersions[]): boolean =>
  a.length === b.length && a.every((each, at) => each === b[at])

function textsOf(packument: KeptPackument, stated: readonly StatedVersions[]): Map<string, readonly string[]> {
  const texts = new Map<string, readonly string[]>()
  for (const version of new Set(stated.flatMap(each => [...each.keys()]))) {
    const mark = packument.facts.seen.get(version)?.mark
    if (mark === undefined) continue
    const statements = stated.flatMap(each => each.get(version) ?? [])
    const [first] = statements
    const isAgreed = first !== undefined && statements.every(({ expected }) => isMarked(expected, mark))
    texts.set(version, isAgreed ? [first.digest] : digestTextsOf(packument.document.versions[version]?.dist ?? {}))
  }
  return texts
}
