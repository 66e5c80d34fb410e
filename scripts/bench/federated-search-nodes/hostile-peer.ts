import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { KeptStreams, type RequestHandler } from '../../../src/federation/index.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { acceptStreams, openStreamOver } from '../../../src/node/network/stream-port.ts'
import { encodeSearchHits, parseSearchRequest, type ReleaseName, topicsOf } from '../../../src/protocol/index.ts'
import { MadePublisher } from './made-publisher.ts'

/** What a hostile peer does when it is asked. */
export type Malice = 'stalls' | 'floods' | 'forges'
export const MALICE: readonly Malice[] = ['stalls', 'floods', 'forges']

/** Names that no honest node holds. */
export const FORGED = 'forged-'
export const FLOOD = 'flood-'
const REDIAL_MS = 1_000
const SEARCH = '/hanse/main/search/1'
const DIAL_MS = 5_000

/** Never answers. */
const stalls: RequestHandler = ({ signal }) => silence(signal)

/** Signs four packages for each of its publishers that say just what was asked, and sends them for ever. */
function floods(): RequestHandler {
  const publishers = Array.from({ length: 5 }, () => new MadePublisher())
  return async function* answer({ payload, signal }) {
    const { query } = parseSearchRequest(payload)
    const words = query
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 80)
    const made = (i: number) => ({
      ...{ name: words, purl: `pkg:npm/${FLOOD}${i}-${words}@1.0.0`, description: `${query} ${query}` },
      keywords: query.split(' ').slice(0, 8),
    })
    const hits = publishers.flatMap((publisher, p) =>
      Array.from({ length: 4 }, (_, i) => publisher.hit(made(p * 4 + i))),
    )
    const message = encodeSearchHits({ hits, held: heldByAll })
    while (!signal.aborted) yield message
  }
}

/** Answers at once with good proofs of other packages, under names that were asked for. */
function forges(): RequestHandler {
  const publisher = new MadePublisher()
  const good = publisher.hit({ name: 'x', purl: 'pkg:npm/x@1.0.0', description: 'x', keywords: [] })
  return async function* answer({ payload }) {
    const { query, k } = parseSearchRequest(payload)
    const words = query
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 80)
    const forged = (i: number) => ({ ...good, purl: `pkg:npm/${FORGED}${i}-${words}@1.0.0` as ReleaseName })
    yield encodeSearchHits({ hits: Array.from({ length: k }, (_, i) => forged(i)), held: heldByAll })
  }
}

/** A claim to hold everybody's packages. */
const heldByAll = Array.from({ length: 256 }, () =>
  Array.from(randomBytes(12), byte => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join(''),
)

const HANDLERS: Readonly<Record<Malice, () => RequestHandler>> = { stalls: () => stalls, floods, forges }

/** Keeps a hostile peer connected to a node until the signal aborts: once it is dropped, it comes again under another id. */
export async function haunt(address: string, malice: Malice, signal: AbortSignal): Promise<void> {
  const handler = HANDLERS[malice]()
  while (!signal.aborted) {
    const libp2p = (await createLibp2p(libp2pOptionsOf(hostileOptions()))) as Network
    const streams = new KeptStreams({ openStream: openStreamOver(() => libp2p), onOffence: () => {} })
    streams.handle(SEARCH, handler)
    await acceptStreams(libp2p, [SEARCH], streams)
    const dropped = Promise.withResolvers<void>()
    libp2p.addEventListener('connection:close', () => dropped.resolve())
    const stop = () => dropped.resolve()
    signal.addEventListener('abort', stop, { once: true })
    await libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(DIAL_MS) }).catch(stop)
    await dropped.promise
    signal.removeEventListener('abort', stop)
    await streams[Symbol.asyncDispose]()
    await libp2p.stop()
    await new Promise(resolve => setTimeout(resolve, REDIAL_MS))
  }
}

const hostileOptions = () => {
  const place = { listen: [], announce: [], mdns: false, topics: topicsOf('main') }
  return { net: 'main', nodeSeed: randomBytes(32), mode: 'public' as const, ...place }
}

async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
