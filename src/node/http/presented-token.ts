import type { FastifyRequest } from 'fastify'

/** Characters of credentials that are looked up at all: our tokens have 49, and each presented one costs a digest. */
const MAX_TOKEN_CHARS = 1_024

/**
 * The token that a request carries, null: none. Bearer; or, for reading alone, the password of Basic with any user name:
 * browsers send that by themselves, also when another site's page posts a form here.
 */
export function presentedTokenOf({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): string | null {
  const [, scheme = '', text = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  if (text === '' || text.length > MAX_TOKEN_CHARS) return null
  if (scheme.toLowerCase() === 'bearer') return text
  return method === 'GET' || method === 'HEAD' ? passwordOf(Buffer.from(text, 'base64').toString('utf8')) : null
}

function passwordOf(credentials: string): string | null {
  const at = credentials.indexOf(':')
  return at < 0 ? null : credentials.slice(at + 1)
}
