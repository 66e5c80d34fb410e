import { type PackageName, parsePackageSpec } from '../../../protocol/index.ts'

/** The package that an npm name means; null for a name that no record can carry. */
export function npmPackageOf(name: string): PackageName | null {
  const spec = parsePackageSpec(`npm:${name}`)
  return spec.ok && spec.value.range === null ? spec.value.package : null
}
