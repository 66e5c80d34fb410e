import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Chance } from './chance.ts'
import { blocksSwapped, cutShort, flipped } from './spoil.ts'

/** How a registry, or something on the way to it, spoils what it sends. */
const SPOILINGS = ['flip', 'swap-blocks', 'truncate', 'cut', 'swap-tarballs', 'flip-digest'] as const
export type Spoiling = (typeof SPOILINGS)[number]

/** Bytes of tarballs: below and above one chunk, the spool's memory and a leaf of the store. */
const SIZES = [64, 1_000, 20_000, 70_000, 300_000, 1_200_000]
/** As often as real packages have these sizes, so that a run is not spent on large ones. */
const FREQUENT_SIZES = [0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5]

/** One name of the registry: one version, its true bytes, and what is done to them. */
interface Package {
  readonly spoiling: Spoiling
  readonly tarball: Uint8Array
  readonly other: Uint8Array
  readonly chance: Chance
  /** Whether its document names sha512 too, or sha1 alone as old ones do. */
  readonly hasIntegrity: boolean
}

/** A registry of endless names `pkg-N`, each spoilt in one way that follows from the seed and the number. */
export class CorruptingRegistry implements AsyncDisposable {
  readonly #server: Server
  readonly #seed: number
  readonly #pool: readonly Uint8Array[]
  /** While false, everything is sent as it is. */
  isSpoiling = true

  private constructor(server: Server, seed: number) {
    this.#server = server
    this.#seed = seed
    const chance = new Chance(seed)
    this.#pool = SIZES.flatMap(size => [chance.bytes(size), chance.bytes(size)])
    server.on('request', (request, response) => this.#answer(request.url ?? '', response))
  }

  static async start(seed: number): Promise<CorruptingRegistry> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new CorruptingRegistry(server, seed)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** What a name is. */
  package(number: number): Package {
    const chance = new Chance(this.#seed ^ Math.imul(number + 1, 0x9e3779b1))
    const spoiling = chance.pick(SPOILINGS)
    const at = chance.pick(FREQUENT_SIZES) * 2 + chance.below(2)
    const tarball = this.#pool[at]!
    return { spoiling, tarball, other: this.#pool[at ^ 1]!, chance, hasIntegrity: chance.below(4) > 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #answer(path: string, response: ServerResponse): void {
    const [, number, tarball] = /^\/pkg-(\d+)(\/-\/.*)?$/.exec(path) ?? []
    if (number === undefined) return void response.writeHead(404).end('{}')
    const wanted = this.package(Number(number))
    if (tarball === undefined) this.#sendDocument(`pkg-${number}`, wanted, response)
    else this.#sendTarball(wanted, response)
  }

  #sendDocument(name: string, wanted: Package, response: ServerResponse): void {
    const dist = digestsOf(wanted)
    const isSpoilt = this.isSpoiling && wanted.spoiling === 'flip-digest'
    const key = wanted.hasIntegrity ? 'integrity' : 'shasum'
    const honest = dist[key]!
    const sent = isSpoilt ? { ...dist, [key]: '@' } : dist
    const version = { name, version: '1.0.0', dist: { ...sent, tarball: `${this.url}${name}/-/${name}-1.0.0.tgz` } }
    const time = { '1.0.0': '2020-01-01T00:00:00.000Z' }
    const text = JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version }, time })
    const spoilt = isSpoilt ? otherDigest(honest, wanted.chance) : Buffer.alloc(0)
    const [before = '', after = ''] = text.split('"@"')
    const body = isSpoilt ? Buffer.concat([Buffer.from(`${before}"`), spoilt, Buffer.from(`"${after}`)]) : text
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  }

  #sendTarball({ spoiling, tarball, other, chance }: Package, response: ServerResponse): void {
    if (!this.isSpoiling || spoiling === 'flip-digest') return void response.end(tarball)
    if (spoiling === 'flip') return void response.end(flipped(tarball, chance))
    if (spoiling === 'swap-blocks') return void response.end(blocksSwapped(tarball, chance))
    if (spoiling === 'swap-tarballs') return void response.end(other)
    const part = cutShort(tarball, chance)
    if (spoiling === 'truncate') return void response.end(part)
    response.writeHead(200, { 'content-length': tarball.length })
    response.flushHeaders()
    response.write(part, () => response.destroy())
  }
}

function digestsOf({ tarball, hasIntegrity }: Package): { readonly shasum: string; readonly integrity?: string } {
  const shasum = createHash('sha1').update(tarball).digest('hex')
  if (!hasIntegrity) return { shasum }
  return { shasum, integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}` }
}

/** One bit of a digest's text the other way round, but not one that only writes the same hexadecimal digit in capitals. */
function otherDigest(text: string, chance: Chance): Uint8Array {
  const honest = Buffer.from(text)
  for (;;) {
    const spoilt = flipped(honest, chance)
    if (Buffer.from(spoilt).toString('latin1').toLowerCase() !== text.toLowerCase() || text.includes('-')) return spoilt
  }
}
