import { matchesPattern, type PackageName, shortNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { type Asker, includesScope, type Scope, type Token } from '../tokens/index.ts'
import {
  clientAddressOf,
  type GuardedRequest,
  isInTheClear,
  isLoopbackAddress,
  isOfThisMachine,
} from './client-address.ts'
import { isLoopback, isLoopbackHost } from './host-guard.ts'
import { LocalToken } from './local-token.ts'
import { presentedTokenOf } from './presented-token.ts'
import { TrustedProxies } from './trusted-proxies.ts'

export type { GuardedRequest } from './client-address.ts'

/** Where a server is reached, and whom it takes for whom. */
export interface GuardedServer {
  /** What it is bound to. */
  readonly host: string
  readonly publicUrl: string | null
  /** The token of this start, for the user of this machine. */
  readonly token: string
  readonly tokens: { find(text: string): Token | null; use(token: Token): void }
  /** Whoever reaches the server may read. */
  readonly openReads: boolean
  readonly trustedProxies: readonly string[]
  readonly now?: () => number
}

/** Where requests to a server come from that is bound to this machine alone. */
const LOOPBACK_ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1': ['127.0.0.1'],
  '::1': ['::1'],
  localhost: ['127.0.0.1', '::1'],
}

/** Who may do what over HTTP: reading is open to this machine, everything else needs a token with its scope. */
export class HttpGuard {
  readonly proxies: TrustedProxies
  readonly #server: GuardedServer
  readonly #local: LocalToken
  readonly #now: () => number
  /** Whether requests of this machine are known as such. */
  readonly #knowsThisMachine: boolean

  constructor(server: GuardedServer) {
    const { host, publicUrl, trustedProxies, now = Date.now } = server
    this.#server = server
    this.#now = now
    this.#local = new LocalToken(server.token)
    this.proxies = new TrustedProxies(trustedProxies)
    // A proxy on this machine need not name itself: behind a public address nobody is of this machine, unless it is known.
    const isOwn = publicUrl === null || isLoopbackHost(new URL(publicUrl).hostname)
    const isNamed = () => LOOPBACK_ADDRESSES[host]?.every(address => this.proxies.trusts(address)) === true
    this.#knowsThisMachine = isLoopback(host) && (isOwn || isNamed())
  }

  /** Who asks, as a valid token says; null: nobody known. */
  askerOf(request: Pick<GuardedRequest, 'headers' | 'method'>): Asker | null {
    const text = presentedTokenOf(request)
    return text === null ? null : this.askerWith(text)
  }

  /** Whose token this is; null: it is none, or it has expired. */
  askerWith(text: string): Asker | null {
    if (this.#local.is(text)) return LocalToken.asker
    const token = this.#server.tokens.find(text)
    if (token === null || this.#hasExpired(token)) return null
    this.#server.tokens.use(token)
    return token
  }

  /** The name of the token that asks, else the client's address. */
  whoOf(request: GuardedRequest): string {
    return this.askerOf(request)?.name ?? clientAddressOf(request)
  }

  /** Every name under which what was withheld from this client is remembered. */
  namesOf(request: GuardedRequest): readonly string[] {
    const who = this.whoOf(request)
    return isLoopbackAddress(request.ip) ? [...new Set([who, clientAddressOf(request)])] : [who]
  }

  /** Whether a request may read without a token. */
  isOpenTo(request: GuardedRequest): boolean {
    return this.#server.openReads || (this.#knowsThisMachine && isOfThisMachine(request, this.proxies))
  }

  /** @throws NodeError E_UNAUTHORISED without a valid token, E_FORBIDDEN with one of a lesser scope */
  require(scope: Scope, request: GuardedRequest): void {
    if (scope === 'read' && this.isOpenTo(request)) return
    const asker = this.requireToken(request, scope)
    if (includesScope(asker.scope, scope)) return
    throw new NodeError('E_FORBIDDEN', `the token ${asker.name} has scope ${asker.scope}, and this needs ${scope}`, {
      hint: createHintOf(scope),
    })
  }

  /** @throws NodeError E_UNAUTHORISED; E_FORBIDDEN with a token of a lesser scope, or one that is not for this name */
  requirePublish(name: PackageName, request: GuardedRequest): void {
    this.require('publish', request)
    const asker = this.requireToken(request, 'publish')
    if (asker.names === null || asker.names.some(pattern => matchesPattern(pattern, name))) return
    const may = asker.names.join(', ')
    throw new NodeError('E_FORBIDDEN', `the token ${asker.name} may publish ${may}, and not ${shortNameOf(name)}`, {
      hint: `hanse token create --name NAME --scope publish --names '${shortNameOf(name)}'`,
    })
  }

  /** Who asks. @throws NodeError E_UNAUTHORISED when no valid token says it */
  requireToken(request: GuardedRequest, scope: Scope = 'read'): Asker {
    const asker = this.askerOf(request)
    if (asker !== null) return asker
    const text = presentedTokenOf(request)
    const token = text === null ? null : this.#server.tokens.find(text)
    const given = request.headers.authorization !== undefined
    throw new NodeError('E_UNAUTHORISED', token === null ? whyNone(given, scope) : whyExpired(token), {
      hint: createHintOf(scope),
    })
  }

  /** Refuses a secret that came in the clear over a network: whoever listened has it now. @throws NodeError E_PLAIN_HTTP */
  requireConfidential(request: GuardedRequest): void {
    if (!isInTheClear(request)) return
    const isProxied = this.proxies.trusts(request.socket?.remoteAddress ?? '')
    throw isProxied ? proxiedInTheClear() : sentInTheClear()
  }

  /** The address under which a client reached this node; behind a proxy the one that is configured. @throws NodeError E_USAGE */
  baseUrlOf({ host, protocol }: GuardedRequest): string {
    const { publicUrl } = this.#server
    if (publicUrl !== null) return publicUrl.replace(/\/+$/, '')
    if (!/^[\w.:[\]-]{1,255}$/.test(host)) throw new NodeError('E_USAGE', 'the Host header is no host')
    return `${protocol === 'https' ? 'https' : 'http'}://${host}`
  }

  #hasExpired({ expiresAt }: Token): boolean {
    return expiresAt !== null && expiresAt <= this.#now()
  }
}

const sentInTheClear = (): NodeError =>
  new NodeError('E_PLAIN_HTTP', 'a token came over plain HTTP from another machine, where others can read it', {
    hint: 'reach the node by https://, through a proxy (http.publicUrl and http.trustedProxies in config.yaml), and revoke the token: hanse token revoke NAME',
  })

const proxiedInTheClear = (): NodeError =>
  new NodeError('E_PLAIN_HTTP', 'a token came through the proxy, which does not say that it was sent over TLS', {
    hint: 'reach the proxy by https://; it has to set X-Forwarded-Proto, as in config/nginx.conf',
  })

const whyNone = (isGiven: boolean, scope: Scope): string =>
  isGiven
    ? 'the token given is none of this node’s: mistyped, revoked, or of an earlier start of it'
    : `this needs a token with scope ${scope}`

const whyExpired = ({ name, expiresAt }: Token): string =>
  `the token ${name} expired at ${new Date(expiresAt ?? 0).toISOString()}`

const createHintOf = (scope: Scope): string =>
  `an administrator makes one: hanse token create --name NAME --scope ${scope}; pass it as --token T, HANSE_TOKEN or npm login’s password`
