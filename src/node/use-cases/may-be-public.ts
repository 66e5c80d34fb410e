import type { PackageManifest } from '../archives/index.ts'
import { NodeError } from '../errors.ts'

/** There is no way back from a public release, so a package's own word against one counts. @throws NodeError E_ARCHIVE_PRIVATE */
export function requireMayBePublic({ purl, isPrivate }: PackageManifest): void {
  if (isPrivate !== true) return
  throw new NodeError('E_ARCHIVE_PRIVATE', `the package.json of ${purl} says "private": true`, {
    hint: 'leave --public out, or take "private" out of package.json and pack it again',
  })
}
