import { targetOf } from '../target-guard.ts'

/** Where a tarball is. Old documents say http for the host that has had https for years: then https it is. */
export function tarballUrlOf(base: URL, tarball: string): URL {
  const url = new URL(tarball)
  if (url.hostname !== base.hostname || url.protocol === base.protocol) return targetOf(tarball, base, base)
  return targetOf(`${base.origin}${url.pathname}${url.search}`, base, base)
}
