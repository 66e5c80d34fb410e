import type { VerifiedHit } from '../../federation/index.ts'
import type { PackageName, PublisherId } from '../../protocol/index.ts'

/** Bounds of what is remembered: names, versions and ids alone, at most about 10 MB. */
const MAX_PACKAGES = 1_000
const MAX_PUBLISHERS = 8
const MAX_VERSIONS = 8

/** What verified hits of federated search said of packages whose feeds are not held here; bounded, the oldest forgotten. */
export class SeenHits {
  readonly #byPackage = new Map<PackageName, Map<PublisherId, Set<string>>>()

  add({ package: name, publisher, version }: Pick<VerifiedHit, 'package' | 'publisher' | 'version'>): void {
    const publishers = this.#byPackage.get(name) ?? new Map<PublisherId, Set<string>>()
    putLast(this.#byPackage, name, publishers, MAX_PACKAGES)
    const versions = publishers.get(publisher) ?? new Set<string>()
    // A crowd of new publishers must not push out those seen first.
    if (!publishers.has(publisher) && publishers.size >= MAX_PUBLISHERS) return
    publishers.set(publisher, versions.add(version))
    if (versions.size > MAX_VERSIONS) versions.delete(versions.values().next().value!)
  }

  /** The publishers seen for a package, in the order in which they came. */
  publishersOf(name: PackageName): readonly PublisherId[] {
    return [...(this.#byPackage.get(name)?.keys() ?? [])]
  }

  /** The versions a publisher was seen to have released of a package. */
  versionsOf(name: PackageName, publisher: PublisherId): readonly string[] {
    return [...(this.#byPackage.get(name)?.get(publisher) ?? [])]
  }
}

function putLast<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
