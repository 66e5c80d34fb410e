import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { PackageName } from '../../protocol/index.ts'
import type { Scope } from '../tokens/index.ts'
import type { NodeServices } from './services.ts'

/** What a handler gets: everything parsed by the route's own schemas. */
export interface ApiRequest<Q, B, P> {
  readonly query: Q
  readonly body: B
  readonly params: P
  readonly stream: Readable
  readonly signal: AbortSignal
  /** The name of the token that asks, else the client's address. */
  readonly who: string
  /** Whether that token is good for everything. */
  readonly isAdmin: boolean
  /** Every name under which what was withheld from this client is remembered. */
  readonly names: readonly string[]
  /** @throws NodeError E_FORBIDDEN for a name that the asker may not publish */
  readonly permitPublish: (name: PackageName) => void
}

/** One route of the API: its schemas check the request and make the OpenAPI document. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly summary: string
  /** What the asker's token must be good for. */
  readonly scope: Scope
  readonly query: z.ZodType
  readonly body: z.ZodType | null
  readonly params: z.ZodType
  /** The body is a byte stream, handed on unread. */
  readonly binary: boolean
  readonly answer: 'json' | 'bytes'
  handle(services: NodeServices, request: ApiRequest<unknown, unknown, unknown>): Promise<unknown>
}

/** A request without query, body or parameters. */
export const none = z.strictObject({})
/** A switch in a query. */
export const flag = z
  .enum(['0', '1', 'true', 'false'])
  .default('0')
  .transform(value => value === '1' || value === 'true')
/** Words of at most so many characters. */
export const text = (max: number) => z.string().min(1).max(max)
export const purl = text(512)

export interface RouteInit<Q extends z.ZodType, B extends z.ZodType, P extends z.ZodType> {
  readonly query?: Q
  readonly body?: B
  readonly params?: P
  /** By default `read` for GET, else `admin`. */
  readonly scope?: Scope
  readonly binary?: boolean
  readonly answer?: 'json' | 'bytes'
}

/** One route, its handler typed by its schemas; whatever changes something needs a token of scope `admin`. */
export function route<
  Q extends z.ZodType = typeof none,
  B extends z.ZodType = typeof none,
  P extends z.ZodType = typeof none,
>(
  method: ApiRoute['method'],
  path: string,
  summary: string,
  init: RouteInit<Q, B, P>,
  handle: (services: NodeServices, request: ApiRequest<z.output<Q>, z.output<B>, z.output<P>>) => Promise<unknown>,
): ApiRoute {
  return {
    method,
    path,
    summary,
    scope: init.scope ?? (method === 'GET' ? 'read' : 'admin'),
    query: init.query ?? none,
    body: init.body ?? null,
    params: init.params ?? none,
    binary: init.binary ?? false,
    answer: init.answer ?? 'json',
    handle: handle as ApiRoute['handle'],
  }
}
