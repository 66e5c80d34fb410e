import { BoundedMap, type VerifiedHit } from '../../federation/index.ts'
import type { PackageName, PublisherId } from '../../protocol/index.ts'

/** Bounds of what is remembered: names, versions and ids alone, at most about 10 MB. */
const MAX_PACKAGES = 1_000
const MAX_PUBLISHERS = 8
const MAX_VERSIONS = 8

/** What verified hits of federated search said of packages whose feeds are not held here; bounded, the oldest forgotten. */
export class SeenHits {
  readonly #byPackage = new BoundedMap<PackageName, Map<PublisherId, Set<string>>>(MAX_PACKAGES)

  add({ package: name, publisher, version }: Pick<VerifiedHit, 'package' | 'publisher' | 'version'>): void {
    const publishers = this.#byPackage.get(name) ?? new Map<PublisherId, Set<string>>()
    this.#byPackage.set(name, publishers)
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
