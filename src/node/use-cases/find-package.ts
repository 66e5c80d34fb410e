import type { PackageName, PublisherId } from '../../protocol/index.ts'
import { parsePackageSpec } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'

/** What a person names: a package, and a range or version or nothing. */
export interface PackageSpec {
  readonly package: PackageName
  readonly range: string | null
}

/** Reads a PURL as typed. @throws NodeError E_PURL */
export function parseSpec(text: string): PackageSpec {
  const parsed = parsePackageSpec(text)
  if (parsed.ok) return parsed.value
  throw new NodeError('E_PURL', `${text.slice(0, 120)}: ${parsed.why}`, { hint: 'for example npm:@acme/x@^1' })
}

/** Publishers seen for a package that this node does not hold, from federated search; bounded, oldest forgotten. */
export class SeenPublishers {
  readonly #byPackage = new Map<PackageName, Set<PublisherId>>()
  static readonly #MAX_PACKAGES = 1_000
  static readonly #MAX_PUBLISHERS = 8

  add(name: PackageName, publisher: PublisherId): void {
    const seen = this.#byPackage.get(name) ?? new Set()
    this.#byPackage.delete(name)
    this.#byPackage.set(name, seen)
    if (seen.size < SeenPublishers.#MAX_PUBLISHERS) seen.add(publisher)
    if (this.#byPackage.size > SeenPublishers.#MAX_PACKAGES)
      this.#byPackage.delete(this.#byPackage.keys().next().value!)
  }

  of(name: PackageName): readonly PublisherId[] {
    return [...(this.#byPackage.get(name) ?? [])]
  }
}
