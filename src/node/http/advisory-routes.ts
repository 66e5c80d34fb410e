import { z } from 'zod'
import { MAX_ADVISORY_ID_CHARS } from '../../protocol/index.ts'
import { type ApiRoute, purl, route, text } from './api-route.ts'

const listQuery = z.strictObject({
  purl: purl.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** Routes about the advisories that a node holds. */
export const ADVISORY_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/advisories', 'Advisories held here, malware first', { query: listQuery }, (s, { query }) =>
    s.advisories.list({ limit: query.limit, ...(query.purl === undefined ? {} : { purl: query.purl }) }),
  ),
  route(
    'POST',
    '/api/advisories',
    'Import OSV documents, one JSON document a line, at most 4 MiB',
    { binary: true },
    (s, { stream, who }) => s.advisories.import(stream, who),
  ),
  route(
    'DELETE',
    '/api/advisories/:id',
    'Take an advisory out until it is changed',
    { params: z.strictObject({ id: text(MAX_ADVISORY_ID_CHARS) }) },
    (s, { params, who }) => s.advisories.remove(params.id, who),
  ),
]
