import { createHash, type Hash } from 'node:crypto'
import { MAX_INTEGRITY_CHARS } from './limits.ts'

type Algorithm = 'sha512' | 'sha384' | 'sha256' | 'sha1'

/** The strongest digests a manifest names: bytes with any one of them are right (W3C Subresource Integrity, 3.3.4). */
export interface ExpectedDigests {
  readonly algorithm: Algorithm
  /** Base64. */
  readonly digests: readonly string[]
}

/** Strongest first, with the bytes of a digest. */
const ALGORITHMS: readonly (readonly [Algorithm, number])[] = [
  ['sha512', 64],
  ['sha384', 48],
  ['sha256', 32],
  ['sha1', 20],
]

/**
 * What a version's bytes must be: the strongest of `integrity`, else `shasum`; null when neither says anything usable. An
 * `integrity` that is damaged leads to no weaker check: whoever spoils it on the way would choose sha1.
 */
export function expectedDigestsOf(dist: {
  readonly integrity?: unknown
  readonly shasum?: unknown
}): ExpectedDigests | null {
  const { integrity, shasum } = dist
  if (typeof integrity === 'string' && integrity.trim() !== '') return strongestOf(tokensOf(integrity))
  if (typeof shasum !== 'string' || !/^[0-9a-f]{40}$/i.test(shasum)) return null
  return { algorithm: 'sha1', digests: [Buffer.from(shasum, 'hex').toString('base64')] }
}

function strongestOf(tokens: readonly string[]): ExpectedDigests | null {
  for (const [algorithm, length] of ALGORITHMS) {
    const digests = tokens.flatMap(token => digestOf(token, algorithm, length))
    if (digests.length > 0) return { algorithm, digests }
  }
  return null
}

/** A short name of expected digests: two versions with one mark have the same bytes. */
export function digestMarkOf({ algorithm, digests }: ExpectedDigests): string {
  const text = `${algorithm} ${digests.toSorted().join(' ')}`
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

/** Hashes bytes as they come and says in the end whether they were the expected ones. */
export class DigestCheck {
  readonly #expected: ExpectedDigests
  readonly #hash: Hash

  constructor(expected: ExpectedDigests) {
    this.#expected = expected
    this.#hash = createHash(expected.algorithm)
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  /** null when the bytes are right, else what was expected and found, as SRI text. Ends the check. */
  mismatch(): { readonly expected: string; readonly found: string } | null {
    const { algorithm, digests } = this.#expected
    const found = this.#hash.digest('base64')
    if (digests.includes(found)) return null
    return { expected: digests.map(digest => `${algorithm}-${digest}`).join(' '), found: `${algorithm}-${found}` }
  }
}

function tokensOf(integrity: string): readonly string[] {
  return integrity.length > MAX_INTEGRITY_CHARS ? [] : integrity.trim().split(/\s+/)
}

/** The digest of a token `algorithm-base64?options`, or none; base64 may lack its padding, and nothing else of its one spelling. */
function digestOf(token: string, algorithm: Algorithm, length: number): string[] {
  const match = /^([a-z0-9]+)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(token)
  if (match?.[1] !== algorithm) return []
  const digest = Buffer.from(match[2]!, 'base64').toString('base64')
  const isExact = bare(digest) === bare(match[2]!) && Buffer.byteLength(digest, 'base64') === length
  return isExact ? [digest] : []
}

const bare = (base64: string): string => base64.replace(/=+$/, '')
