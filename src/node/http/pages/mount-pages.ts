import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { NodeError } from '../../errors.ts'
import { codedErrorOf } from '../coded-error.ts'
import { statusOf } from '../error-status.ts'
import type { HttpGuard } from '../http-guard.ts'
import type { NodeServices } from '../services.ts'
import { html } from './html.ts'
import { PAGE_HEADERS, pageOf } from './page.ts'
import { whyPage } from './why-page.ts'
import { withheldPage } from './withheld-page.ts'

export interface PageParts {
  readonly services: Pick<NodeServices, 'why' | 'lastWithheld'>
  readonly guard: HttpGuard
  readonly log: (message: string, cause: unknown) => void
}

/** Below this are pages, which a link anywhere may open. */
export const PAGE_PREFIX = '/why/'

/** What people open in a browser: `/why/last` and `/why/PURL`; the same as JSON for programs that ask for it. */
export function whyPages({ services, guard, log }: PageParts): FastifyPluginAsync {
  return async server => {
    server.addHook('onRequest', async request => guard.require('read', request))
    server.setErrorHandler((error, request, reply) => {
      const coded = codedErrorOf(error)
      if (coded.code === 'E_INTERNAL') log(`${request.method} ${request.url} failed`, error)
      if (coded.code === 'E_UNAUTHORISED') reply.header('www-authenticate', SIGN_IN)
      reply.status(coded.code === 'E_INTERNAL' ? 500 : statusOf(coded.code))
      return send(request, reply, { error: coded }, () => errorPage(coded))
    })
    server.get(`${PAGE_PREFIX}last`, async (request, reply) => {
      // Where reading is open no browser would ask for a token, and what was withheld from one is shown to it alone.
      if (Object.hasOwn(request.query as object, 'login')) guard.requireToken(request)
      const answer = services.lastWithheld(guard.namesOf(request))
      return send(request, reply, answer, () => withheldPage(answer))
    })
    server.get(`${PAGE_PREFIX}*`, async (request, reply) => {
      const answer = await services.why(purlIn(request.raw.url ?? ''))
      return send(request, reply, answer, () => whyPage(answer))
    })
  }
}

/** Shown by browsers when they ask for a name and a password. */
const SIGN_IN = 'Basic realm="any name, and a token of this node as password", charset="UTF-8"'

/** The package in the path as it was sent, decoded once. */
function purlIn(url: string): string {
  const [path = ''] = url.split('?')
  try {
    const purl = decodeURIComponent(path.slice(PAGE_PREFIX.length))
    if (path.startsWith(PAGE_PREFIX) && purl !== '') return purl
  } catch {
    // Broken percent-encoding is no package either.
  }
  throw new NodeError('E_USAGE', 'that is no package', { hint: `${PAGE_PREFIX}npm:NAME@VERSION` })
}

function send(request: FastifyRequest, reply: FastifyReply, answer: object, page: () => string): FastifyReply {
  if (wantsJson(request.headers.accept)) return reply.header('vary', PAGE_HEADERS.vary).send(answer)
  return reply.headers(PAGE_HEADERS).send(page())
}

/** Whoever names JSON and not HTML. */
const wantsJson = (accept = ''): boolean => /\bapplication\/json\b/i.test(accept) && !/\btext\/html\b/i.test(accept)

function errorPage({ code, message, hint }: { code: string; message: string; hint?: string }): string {
  const help = hint?.split('\n').map(line => html`<li><code>${line}</code></li>`) ?? []
  return pageOf(
    message,
    html`<p><code>${code}</code></p>${help.length === 0 ? null : html`<h2>What helps</h2><ul>${help}</ul>`}`,
  )
}
