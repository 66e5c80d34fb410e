import { z } from 'zod'
import { parsePurl } from '../../../protocol/index.ts'
import type { NodeContext } from '../../node-context.ts'
import { search } from '../../use-cases/search.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'

/** Hits looked through: the node's own bound of one search. */
const MAX_HITS = 100
const query = z.object({
  text: z.string().max(5_000).default(''),
  size: z.coerce.number().int().min(0).max(250).catch(20).default(20),
  from: z.coerce.number().int().min(0).max(10_000).catch(0).default(0),
})

type SearchHit = Awaited<ReturnType<typeof search>>['hits'][number]

/** npm's search over everything this node's own search finds, peers included; of every publisher, allowed or not. */
export async function searchNpm(node: NodeContext, given: unknown): Promise<NpmAnswer> {
  const { text, size, from } = query.parse(given)
  const limit = Math.min(MAX_HITS, from + Math.max(size, 1))
  const { hits } = await search(node, { text, limit, local: false, type: 'npm' })
  const objects = hits.slice(from, from + size).map(objectOf)
  return jsonAnswer({ objects, total: hits.length, time: new Date().toUTCString() }, 200, {
    'cache-control': 'no-store',
  })
}

function objectOf({ purl, publisher, publisherName, version, description, score, looksLike }: SearchHit): object {
  const parsed = parsePurl(purl)
  const { namespace = null, name = purl } = parsed.ok ? parsed.value : {}
  return {
    package: {
      name: namespace === null ? name : `${namespace}/${name}`,
      scope: namespace === null ? 'unscoped' : namespace.slice(1),
      version: version ?? '',
      // npm's clients show nothing else that could carry a warning.
      description: looksLike === undefined ? description : `LOOKS LIKE ${looksLike.of}! ${description}`,
      keywords: [],
      links: {},
      publisher: { username: publisherName ?? publisher },
      maintainers: [{ username: publisherName ?? publisher }],
    },
    score: { final: score, detail: { quality: 0, popularity: 0, maintenance: 0 } },
    searchScore: score,
  }
}
