import type { FastifyRequest } from 'fastify'

/**
 * Whether a page of another site makes a browser ask this, as browsers themselves say (W3C Fetch Metadata Request Headers); other
 * clients say nothing. Reading is open to this machine, and so is a browser on it: the page could not read an answer, but learn
 * whether there is one, and have packages fetched, pinned and remembered as installed.
 */
export const isOfForeignPage = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean => {
  const site = headers['sec-fetch-site']
  return site === 'cross-site' || site === 'same-site'
}

/** Whether a person is shown what this answers, in a window of its own. */
export const isOpenedPage = ({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): boolean =>
  method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
