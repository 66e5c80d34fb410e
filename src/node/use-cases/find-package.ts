import type { PackageName } from '../../protocol/index.ts'
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
