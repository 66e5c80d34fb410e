import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { NodeError } from '../../errors.ts'
import { abortSignalOf } from '../../http/abort-signal.ts'
import { codedErrorOf } from '../../http/coded-error.ts'
import type { HttpGuard } from '../../http/http-guard.ts'
import { dropRest } from '../../http/rest-of-body.ts'
import type { NodeContext } from '../../node-context.ts'
import { factSourcesOf } from '../../policy/fact-sources.ts'
import { answerAudit } from './audit-answer.ts'
import { BodyFiles } from './body-files.ts'
import { fixedAnswerOf } from './fixed-answer.ts'
import { type NpmAnswer, refusalAnswer } from './npm-answer.ts'
import { type NpmOperation, npmOperationOf } from './npm-operation.ts'
import { requirePermission } from './npm-permission.ts'
import type { NpmSource } from './npm-source.ts'
import { PackumentBodies } from './packument-bodies.ts'
import { ReadOperations } from './read-operations.ts'
import { RegistryRouter } from './registry-router.ts'
import { searchNpm } from './search-answer.ts'
import { login, tokenAnswerOf } from './session.ts'
import { SHORT_MEDIA_TYPE } from './short-packument.ts'
import { deleteTag, publishNpm, putTag } from './write-operations.ts'

/** Where clients find this front below the node's address. */
export const NPM_PREFIX = '/npm'

/** The bundle's chunk, named by the hash of what is in it: bodies that other code of the same version filtered are made again. */
const BUILD = basename(import.meta.url)

export interface NpmRegistryParts {
  readonly node: NodeContext
  readonly guard: HttpGuard
  /** Registries that routes name `upstream/NAME`. */
  readonly upstreams: { get(name: string): NpmSource | undefined }
  readonly publicUrl: string | null
  readonly log: (message: string, cause: unknown) => void
}

/** npm's registry protocol over what this node knows: mount it under `NPM_PREFIX`. */
export function npmRegistry(parts: NpmRegistryParts): FastifyPluginAsync {
  const front = new NpmFront(parts)
  return async server => {
    // Bodies are read by the operation that wants them: a tarball is never held.
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    server.setErrorHandler((error, request, reply) => {
      // As the server's own handler does: an unread rest of a body would stop every later request of its connection.
      dropRest(request.raw)
      const coded = codedErrorOf(error)
      if (coded.code === 'E_INTERNAL') parts.log(`${request.method} ${request.url} failed`, error)
      return send(reply, refusalAnswer(coded))
    })
    server.route({
      // Named, so that fastify adds no HEAD of its own, which would set the length to 0.
      method: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
      url: '/*',
      handler: async (request, reply) => send(reply, await front.answer(request, reply)),
    })
  }
}

function send(reply: FastifyReply, { status, headers, body, reason }: NpmAnswer): FastifyReply {
  if (reason !== undefined) reply.raw.statusMessage = reason
  return reply
    .status(status)
    .headers(headers)
    .send(body ?? undefined)
}

class NpmFront {
  readonly #parts: NpmRegistryParts
  readonly #reads: ReadOperations
  readonly #router: RegistryRouter

  constructor(parts: NpmRegistryParts) {
    const { node, upstreams } = parts
    this.#parts = parts
    this.#router = new RegistryRouter(node, upstreams)
    this.#reads = new ReadOperations({
      router: this.#router,
      facts: factSourcesOf(node),
      bodies: new PackumentBodies(
        new BodyFiles(join(node.paths.home, 'bodies', 'npm'), `${node.version} ${BUILD}`, () =>
          node.disk.requireRoom(),
        ),
      ),
      policy: () => node.policy.inForce(),
      now: Date.now,
      told: { verdicts: node.verdicts, installs: node.installs },
      pin: async ({ package: name, route }) => {
        if (route.to === 'publisher' && route.pin) await node.relations.pin(name, route.publisher)
      },
    })
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<NpmAnswer> {
    const url = request.raw.url ?? ''
    // The router reads `%6e` as `n`; what is cut off below must be the prefix as it is written.
    if (!url.startsWith(`${NPM_PREFIX}/`)) throw new NodeError('E_USAGE', `the path must begin with ${NPM_PREFIX}/`)
    const [path = ''] = url.slice(NPM_PREFIX.length).split('?')
    const operation = npmOperationOf(request.method, path)
    requirePermission(operation, request, this.#parts.guard)
    const signal = abortSignalOf(request, reply)
    await this.#parts.node.caughtUp()
    try {
      return await this.#perform(operation, request, signal)
    } catch (cause) {
      // What breaks because its client left is no fault of this node.
      throw signal.aborted ? new NodeError('E_ABORTED', 'the client went away', { cause }) : cause
    }
  }

  async #perform(operation: NpmOperation, request: FastifyRequest, signal: AbortSignal): Promise<NpmAnswer> {
    switch (operation.is) {
      case 'packument':
        return await this.#packument(operation.name, request, signal)
      case 'manifest':
        return await this.#reads.manifest(operation.name, operation.wanted, {
          base: this.#baseOf(request),
          who: this.#parts.guard.whoOf(request),
          signal,
        })
      case 'tarball':
        return await this.#reads.tarball(
          operation.name,
          operation.version,
          { ...tarballRequestOf(request), who: this.#parts.guard.whoOf(request) },
          signal,
        )
      case 'tags':
        return await this.#reads.tags(operation.name, signal)
      case 'search':
        return await searchNpm(this.#parts.node, request.query)
      case 'advisories':
      case 'quick-audit':
        return await answerAudit(operation.is, this.#parts.node, request)
      default:
        return (
          this.#aboutToken(operation, request) ??
          (await this.#take(operation, request.body as Readable | undefined)) ??
          fixedAnswerOf(operation)
        )
    }
  }

  #aboutToken(operation: NpmOperation, request: FastifyRequest): NpmAnswer | null {
    const { node, guard } = this.#parts
    return tokenAnswerOf(operation, { asker: () => guard.requireToken(request), tokens: () => node.tokens.list() })
  }

  /** What brings something; null for all else. */
  async #take(operation: NpmOperation, body: Readable | undefined): Promise<NpmAnswer | null> {
    const { node, guard } = this.#parts
    switch (operation.is) {
      case 'publish':
        return await publishNpm(node, operation.name, requireBody(body))
      case 'set-tag':
        return await putTag(node, operation.name, operation.tag, requireBody(body))
      case 'remove-tag':
        return await deleteTag(node, operation.name, operation.tag)
      case 'login':
        return await login(requireBody(body), operation.user, text => guard.askerWith(text) !== null)
      default:
        return null
    }
  }

  async #packument(name: string, request: FastifyRequest, signal: AbortSignal): Promise<NpmAnswer> {
    // `npm publish` looks first whether the version is taken: a name about to be private is nobody else's business.
    if (request.headers['npm-command'] === 'publish' && !this.#router.isOwn(name)) {
      throw new NodeError('E_NOT_FOUND', `this node has not released npm:${name}`)
    }
    const { accept = '', 'accept-encoding': encodings = '', 'if-none-match': ifNoneMatch } = request.headers
    return await this.#reads.packument(name, {
      form: accept.includes(SHORT_MEDIA_TYPE) ? 'short' : 'full',
      encoding: /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(encodings)) ? 'gzip' : 'identity',
      base: this.#baseOf(request),
      ifNoneMatch,
      who: this.#parts.guard.whoOf(request),
      signal,
    })
  }

  /** The address under which this client reached the node; behind a proxy the one that is configured. */
  #baseOf(request: FastifyRequest): string {
    return `${this.#parts.guard.baseUrlOf(request)}${NPM_PREFIX}`
  }
}

/** Without a tag of its bytes, `If-Range` can only mean all of them. */
function tarballRequestOf({ method, headers }: FastifyRequest) {
  const range = headers['if-range'] === undefined ? headers.range : undefined
  return { range, isHead: method === 'HEAD' }
}

function requireBody(body: Readable | undefined): Readable {
  if (body === undefined || body === null) throw new NodeError('E_USAGE', 'the request has no body')
  return body
}
