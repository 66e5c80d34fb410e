/** One engine in a process of its own: told by messages what to do, it answers each with its own times. */
import type { Contender, OpenEngine, PackageIdentity } from './contender.ts'
import { contenderOf } from './contenders.ts'
import { corpusPackages } from './corpus.ts'
import type { EngineAnswer, EngineRequest } from './messages.ts'
import type { AskedQuery } from './query-file.ts'

const NOTHING: EngineAnswer = { ms: 0, names: [], times: null, found: 0, peakBytes: 0, error: null }

let contender: Contender | null = null
let engine: OpenEngine | null = null

process.on('message', (request: EngineRequest) => {
  const began = performance.now()
  done(request)
    .catch((error: unknown) => ({ error: String(error) }))
    .then(answer => {
      process.send!({ ...NOTHING, ms: performance.now() - began, ...answer })
      // Nothing keeps the process then, and what was sent arrives first.
      if (request.do === 'close') process.channel!.unref()
    })
})

async function done(request: EngineRequest): Promise<Partial<EngineAnswer>> {
  switch (request.do) {
    case 'load':
      contender = await contenderOf(request.engine, request.peers)
      return {}
    case 'build':
      await contender!.build(corpusPackages(request.corpus), request.folder)
      return { peakBytes: process.resourceUsage().maxRSS * 1024 }
    case 'open':
      engine = await contender!.open(request.folder)
      return {}
    case 'search':
      return await searched(engine!, request.query)
    case 'lookup':
      return lookedUp(engine!, request.packages)
    case 'close':
      await engine!.close()
      return {}
  }
}

async function searched({ search }: OpenEngine, query: AskedQuery) {
  const began = performance.now()
  const found = search(query)
  const hits = found instanceof Promise ? await found : found
  const texts = hits.map(({ name, description }) => ({ name, description }))
  const ms = performance.now() - began
  return { ms, names: texts.map(({ name }) => name) }
}

function lookedUp({ lookup }: OpenEngine, packages: readonly PackageIdentity[]) {
  if (lookup === undefined) return { times: null }
  let found = 0
  const times = packages.map(identity => {
    const began = performance.now()
    const isThere = lookup(identity)
    const ms = performance.now() - began
    if (isThere) found++
    return ms
  })
  return { times, found }
}
