import { z } from 'zod'
import type { SearchHit } from '../../http/search-services.ts'
import type { NodeContext } from '../../node-context.ts'
import { search } from '../../use-cases/search/search.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'

/** Hits looked through: the node's own bound of one search. */
const MAX_HITS = 100
const query = z.object({
  text: z.string().max(5_000).default(''),
  size: z.coerce.number().int().min(0).max(250).catch(20).default(20),
  from: z.coerce.number().int().min(0).max(10_000).catch(0).default(0),
})

/**
 * npm's search over everything this node's own search finds, peers included, in the same language; of every publisher, allowed or
 * not, and nothing that the policy denies. A search for nothing finds nothing.
 */
export async function searchNpm(node: NodeContext, given: unknown): Promise<NpmAnswer> {
  const { text, size, from } = query.parse(given)
  const limit = Math.min(MAX_HITS, from + Math.max(size, 1))
  const hits = text.trim() === '' ? [] : (await search(node, { text, limit, local: false, types: ['npm'] })).hits
  const objects = hits.slice(from, from + size).map(objectOf)
  return jsonAnswer({ objects, total: hits.length, time: new Date().toUTCString() }, 200, {
    'cache-control': 'no-store',
  })
}

function objectOf(hit: SearchHit): object {
  const { name, publisher, publisherName, version, keywords, license, released, score, quality } = hit
  const slash = name.indexOf('/')
  return {
    package: {
      name,
      scope: slash < 0 ? 'unscoped' : name.slice(1, slash),
      version,
      description: describedOf(hit),
      keywords,
      ...(license === '' ? {} : { license }),
      ...(released === null ? {} : { date: released }),
      links: {},
      publisher: { username: publisherName ?? publisher },
      maintainers: [{ username: publisherName ?? publisher }],
    },
    // Popularity and maintenance are no numbers of this node's that compare with npm's.
    score: { final: score, detail: { quality: quality ?? 0, popularity: 0, maintenance: 0 } },
    searchScore: score,
  }
}

/** npm's clients show nothing else that could carry a warning. */
function describedOf({ description, looksLike, verdict }: SearchHit): string {
  const held = verdict.decision === 'hold' ? `HELD UNTIL ${verdict.until ?? 'somebody decides'}! ` : ''
  return looksLike === undefined ? `${held}${description}` : `LOOKS LIKE ${looksLike.of}! ${held}${description}`
}
