import { z } from 'zod'
import { parsePattern } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'
import { MAX_NAME_PATTERNS, MAX_TOKENS, WRITE_USE_AFTER_MS } from './limits.ts'
import { dayOf, isSameDigest, newTokenText, SCOPES, type Token, tokenDigestOf } from './token.ts'

const patternSchema = z.string().transform((text, context) => {
  const parsed = parsePattern(text)
  if (parsed.ok) return parsed.value
  context.addIssue('not a pattern')
  return z.NEVER
})
/** As people type it; no address can be one, and none of what the audit log names without a token. */
const NAME = /^(?!(?:api|cli|node|local)$)[a-z][a-z0-9._-]{0,63}$/
const time = z.int().min(0)
const schema = z.strictObject({
  version: z.literal(1),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().regex(NAME),
        scope: z.enum(SCOPES),
        names: z.array(patternSchema).min(1).max(MAX_NAME_PATTERNS).nullable(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        createdAt: time,
        expiresAt: time.nullable(),
        lastUsedDay: time.nullable(),
      }),
    )
    .max(MAX_TOKENS)
    // By its name a token is listed and revoked: a second one of that name would be good and seen by nobody.
    .refine(tokens => new Set(tokens.map(({ name }) => name)).size === tokens.length, 'two tokens have one name'),
})

/** What a new token is to be. */
export type NewToken = Pick<Token, 'name' | 'scope' | 'names' | 'expiresAt'>

/** The tokens of a node, kept as digests in `state/tokens.json`; a token's text is told once and stored nowhere. */
export class TokenBook implements AsyncDisposable {
  readonly #path: string
  readonly #now: () => number
  #tokens: ReadonlyMap<string, Token> = new Map()
  /** By the first half of the digest; the whole is compared in constant time. */
  #byDigest: ReadonlyMap<string, Token> = new Map()
  /** Days of use that are not written yet, by digest. */
  readonly #used = new Map<string, number>()
  /** Digests of tokens that are good for nothing while the disk has not taken it yet. */
  readonly #ended = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, now: () => number) {
    this.#path = path
    this.#now = now
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE: a damaged file is never taken for one without tokens */
  static async open(path: string, now: () => number = Date.now): Promise<TokenBook> {
    const book = new TokenBook(path, now)
    const found = await readJsonFile(path, schema as z.ZodType<z.output<typeof schema>>)
    book.#take(found?.tokens ?? [])
    return book
  }

  /** Every token, in the order of their names; a day of use may be a minute late. */
  list(): readonly Token[] {
    return [...this.#tokens.values()]
      .map(token => ({ ...token, lastUsedDay: this.#used.get(token.sha256) ?? token.lastUsedDay }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The token with this text, expired or not; null: there is none. */
  find(text: string): Token | null {
    const digest = tokenDigestOf(text)
    const found = this.#byDigest.get(digest.slice(0, 32))
    if (found === undefined || this.#ended.has(found.sha256)) return null
    return isSameDigest(found.sha256, digest) ? found : null
  }

  /** Remembers that a token was used today; written with others, later. */
  use({ sha256, lastUsedDay }: Token): void {
    const today = dayOf(this.#now())
    if ((this.#used.get(sha256) ?? lastUsedDay) === today) return
    this.#used.set(sha256, today)
    this.#timer ??= setTimeout(() => void this.#writeUse(), WRITE_USE_AFTER_MS).unref()
  }

  /** Makes a token; its text is in the answer and nowhere else. @throws NodeError E_USAGE, E_NAME_TAKEN, E_TOO_LARGE */
  create(wanted: NewToken): Promise<{ readonly text: string; readonly token: Token }> {
    return this.#serially(async () => {
      this.#requireNew(wanted)
      const text = newTokenText()
      const { name, scope, names, expiresAt } = wanted
      const token: Token = {
        ...{ name, scope, names, expiresAt },
        ...{ sha256: tokenDigestOf(text), createdAt: this.#now(), lastUsedDay: null },
      }
      await this.#save([...this.#tokens.values(), token])
      return { text, token }
    })
  }

  /** Ends a token at once, and for good when it resolves: where the disk takes nothing, it comes back with the next start. @throws NodeError E_NOT_FOUND */
  revoke(name: string): Promise<Token> {
    return this.#serially(async () => {
      const token = this.#tokens.get(name)
      if (token === undefined) {
        throw new NodeError('E_NOT_FOUND', `no token is called ${name.slice(0, 80)}`, { hint: 'hanse token list' })
      }
      this.#ended.add(token.sha256)
      await this.#save([...this.#tokens.values()])
      return token
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writeUse()
  }

  #requireNew({ name, scope, names }: NewToken): void {
    if (!NAME.test(name)) {
      throw new NodeError('E_USAGE', `${JSON.stringify(name.slice(0, 80))} is no name for a token`, {
        hint: 'begin with a letter, then a-z, 0-9 and . _ - only; api, cli, node and local mean something else',
      })
    }
    if (names !== null && scope !== 'publish') {
      throw new NodeError('E_USAGE', `a ${scope} token is not limited to names: that is for publish`, {
        hint: "hanse token create --name ci --scope publish --names 'npm:@acme/*'",
      })
    }
    if (this.#tokens.has(name)) {
      throw new NodeError('E_NAME_TAKEN', `there is a token called ${name} already`, {
        hint: `hanse token revoke ${name}`,
      })
    }
    if (this.#tokens.size < MAX_TOKENS) return
    throw new NodeError('E_TOO_LARGE', `a node has at most ${MAX_TOKENS} tokens`, { hint: 'hanse token revoke NAME' })
  }

  async #writeUse(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    // A day of use is no decision: a disk that does not take it now takes it with the next.
    await this.#serially(async () => {
      if (this.#used.size > 0) await this.#save([...this.#tokens.values()])
    }).catch(() => {})
  }

  async #save(tokens: readonly Token[]): Promise<void> {
    const used = new Map(this.#used)
    const kept = tokens.filter(({ sha256 }) => !this.#ended.has(sha256))
    const next = kept.map(token => ({ ...token, lastUsedDay: used.get(token.sha256) ?? token.lastUsedDay }))
    await replaceJsonFile(this.#path, { version: 1, tokens: next }, 0o600)
    for (const [sha256, day] of used) if (this.#used.get(sha256) === day) this.#used.delete(sha256)
    this.#take(next)
    this.#ended.clear()
  }

  #take(tokens: readonly Token[]): void {
    this.#tokens = new Map(tokens.map(token => [token.name, token]))
    this.#byDigest = new Map(tokens.map(token => [token.sha256.slice(0, 32), token]))
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
