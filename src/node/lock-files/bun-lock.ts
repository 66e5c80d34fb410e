import { LockedReleases, membersOf, splitAtVersion } from './locked-release.ts'

/** bun.lock: each package a list that begins with `name@version`; those with more than an address are no releases. */
export function readBunLock(document: Record<string, unknown>): LockedReleases {
  const releases = new LockedReleases()
  for (const [, entry] of membersOf(document.packages)) {
    const [label, registry, , integrity]: readonly unknown[] = Array.isArray(entry) ? entry : []
    const [name, version] = typeof label === 'string' ? (splitAtVersion(label) ?? []) : []
    // A release names its registry, which is empty for the default one.
    if (version === undefined || typeof registry !== 'string' || /[:/]/.test(version)) releases.skip()
    else releases.add({ name, version, integrity, resolved: registry })
  }
  return releases
}

/** bun writes JSON with a comma after the last member; text between quotes stays as it is. */
export function withoutTrailingCommas(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_match, quoted: string | undefined) => quoted ?? '')
}
