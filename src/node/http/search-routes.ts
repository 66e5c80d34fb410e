import { z } from 'zod'
import { type ApiRoute, flag, route, text } from './api-route.ts'

/** Values of one list: as many as count of a text. */
const MAX_VALUES = 16
const textsOf = (given: string | string[] | undefined): string[] => (given === undefined ? [] : [given].flat())
const several = z.union([text(512), z.array(text(512)).max(MAX_VALUES)]).optional()
/** `a,b`, or given several times. */
const list = several
  .transform(given =>
    textsOf(given).flatMap(each =>
      each
        .split(',')
        .map(value => value.trim())
        .filter(value => value !== ''),
    ),
  )
  .pipe(z.array(z.string()).max(MAX_VALUES))
/** Given several times; commas are part of a phrase. */
const phrases = several.transform(textsOf)

const searchQuery = z.strictObject({
  q: z.string().max(5_000).default(''),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  local: flag,
  all: flag,
  type: list,
  publisher: list,
  license: list,
  keyword: list,
  is: list,
  phrase: phrases,
  not: phrases,
})
const completeQuery = z.strictObject({
  q: z.string().max(512).default(''),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

/** Finding packages. */
export const SEARCH_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/search', 'Search this node, then its peers', { query: searchQuery }, (s, { query }) =>
    s.search({
      ...{ text: query.q, limit: query.limit, local: query.local, all: query.all },
      ...{ types: query.type, publishers: query.publisher, licenses: query.license, keywords: query.keyword },
      ...{ is: query.is, phrases: query.phrase, without: query.not },
    }),
  ),
  route('GET', '/api/complete', 'Names of packages held here that begin so', { query: completeQuery }, (s, { query }) =>
    s.complete({ text: query.q, limit: query.limit }),
  ),
]
