import type { Client } from './client-files.ts'

/** The files in which a client locks what it installed. */
export const LOCK_FILES: Readonly<Record<Client, readonly string[]>> = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json', 'deno.lock'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock'],
}

/** How each client writes where a tarball is. yarn 4 does only where the registry's own address would not lead there. */
const ADDRESS: Readonly<Record<Client, RegExp>> = {
  npm: /"(?:resolved|tarball)":\s*"(https?:\/\/[^"]+)"/g,
  pnpm: /\btarball: '?(https?:\/\/[^\s,}']+)/g,
  yarn: /^\s+resolved "(https?:\/\/[^"#]+)|::__archiveUrl=(https?%3A%2F%2F[^"&]+)/g,
  bun: /"(https?:\/\/[^"]+\.tgz)"/g,
}

/** A registry that lines of a lock file lead to. */
export interface PinnedRegistry {
  /** Its address, with a slash at its end. */
  readonly url: string
  /** Numbers of the lines, from 1. */
  readonly lines: readonly number[]
}

/** The registries, other than the project's own, from which a client would fetch because its lock file says so. */
export function pinnedRegistriesOf(client: Client, text: string, registry: string): readonly PinnedRegistry[] {
  const found = new Map<string, number[]>()
  for (const [at, line] of text.split('\n').entries()) {
    for (const [, plain, encoded] of line.matchAll(ADDRESS[client])) {
      const url = registryOf(plain ?? decoded(encoded ?? ''))
      if (url === null || url === registry || isReplaced(client, url)) continue
      const lines = found.get(url) ?? []
      if (lines.at(-1) !== at + 1) lines.push(at + 1)
      found.set(url, lines)
    }
  }
  return [...found].map(([url, lines]) => ({ url, lines }))
}

/** What stands before a package's name in `https://host/path/@s/n/-/n-1.0.0.tgz`; null: no registry's address. */
function registryOf(address: string): string | null {
  const url = URL.parse(address)?.href ?? ''
  return /^(https?:\/\/.*?\/)(?:@[^/]+(?:\/|%2f))?[^/@]+\/-\/[^/]+(?:\/[^/]+)?$/i.exec(url)?.[1] ?? null
}

/** npm itself puts the project's registry in the place of the public one (`replace-registry-host`, whose default is "npmjs"). */
function isReplaced(client: Client, url: string): boolean {
  return client === 'npm' && new URL(url).hostname.split('.').at(-2) === 'npmjs'
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
