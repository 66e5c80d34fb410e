import { randomFillSync } from 'node:crypto'
import { DigestTable, type FeedId, type PublisherId, type Sha256, shortNumbers } from '../../protocol/index.ts'

export interface FeedName {
  readonly publisher: PublisherId
  readonly feed: FeedId
}

/** A feed that names bytes, and whether one of its releases does: else it only states where others serve them. */
export interface Namer extends FeedName {
  readonly isRelease: boolean
}

/** Digests that nobody names any more are kept in their places until there are so many of them, and more than of the others. */
const MIN_UNNAMED = 1_024
const NOBODY: readonly Namer[] = []

/**
 * Which feeds name which bytes, by their whole digest: about 50 bytes of memory for bytes that one feed names. Digests are what
 * records claim, so the table is keyed by chance.
 */
export class ByteNamers {
  #digests = chancedTable()
  /** By digest: the number of the one feed that names it, + 1; 0: none does, or several. */
  #alone = shortNumbers()
  #several = new Map<number, readonly Namer[]>()
  #namers: (readonly [Namer])[] = []
  #numbers = new Map<string, number>()
  #unnamed = 0

  /** Digests that have a place, and how many of them nobody names. */
  get sizes(): { readonly digests: number; readonly unnamed: number } {
    return { digests: this.#digests.size, unnamed: this.#unnamed }
  }

  of(sha256: Sha256): readonly Namer[] {
    const digest = this.#digests.find(bytesOf(sha256))
    return digest === null ? NOBODY : this.#at(digest)
  }

  /** Takes note that a feed names bytes; that one of its releases does outweighs that it states them. */
  name(sha256: Sha256, namer: Namer): void {
    const known = this.#digests.size
    const digest = this.#digests.add(bytesOf(sha256))
    const number = this.#numberOf(namer)
    const named = this.#namers[number]!
    const before = this.#at(digest)
    const others = before.filter(({ publisher, feed }) => publisher !== namer.publisher || feed !== namer.feed)
    const isSaid = others.length < before.length && (!namer.isRelease || before.includes(named[0]))
    if (isSaid) return
    if (digest < known && before.length === 0) this.#unnamed--
    if (others.length > 0) this.#several.set(digest, [...others, named[0]])
    this.#alone.set(digest, others.length > 0 ? 0 : number + 1)
  }

  /** Digests of bytes with who names them. */
  *all(): Generator<readonly [Sha256, readonly Namer[]]> {
    for (let digest = 0; digest < this.#digests.size; digest++) {
      const namers = this.#at(digest)
      if (namers.length > 0) yield [textOf(this.#digests.at(digest)), namers]
    }
  }

  forget(gone: PublisherId): void {
    const numbers = new Set<number>()
    for (const [key, number] of this.#numbers) {
      if (this.#namers[number]![0].publisher !== gone) continue
      numbers.add(number)
      this.#numbers.delete(key)
    }
    if (numbers.size === 0) return
    for (let digest = 0; digest < this.#alone.length; digest++) {
      const number = this.#alone.at(digest)
      if (number === 0 || !numbers.has(number - 1)) continue
      this.#alone.set(digest, 0)
      this.#unnamed++
    }
    for (const [digest, namers] of this.#several) {
      const left = namers.filter(({ publisher }) => publisher !== gone)
      if (left.length > 0) this.#several.set(digest, left)
      else if (this.#several.delete(digest)) this.#unnamed++
    }
    if (this.#unnamed > Math.max(MIN_UNNAMED, this.#digests.size / 2)) this.#rebuild()
  }

  #at(digest: number): readonly Namer[] {
    const number = this.#alone.at(digest)
    return number > 0 ? this.#namers[number - 1]! : (this.#several.get(digest) ?? NOBODY)
  }

  #numberOf({ publisher, feed, isRelease }: Namer): number {
    const key = `${publisher}/${feed}/${isRelease}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#namers.length)
    this.#namers.push([{ publisher, feed, isRelease }])
    return this.#namers.length - 1
  }

  /** Leaves out what nobody names. */
  #rebuild(): void {
    const all = this.all().toArray()
    this.#digests = chancedTable()
    this.#alone = shortNumbers()
    this.#several = new Map()
    this.#namers = []
    this.#numbers = new Map()
    this.#unnamed = 0
    for (const [sha256, namers] of all) for (const namer of namers) this.name(sha256, namer)
  }
}

/** Sixteen odd numbers by chance. */
function chancedTable(): DigestTable {
  const factors = randomFillSync(new Uint32Array(16))
  return new DigestTable(factors.map(factor => factor | 1))
}

const bytesOf = (sha256: Sha256): Uint8Array => Buffer.from(sha256, 'hex')
const textOf = (digest: Uint8Array): Sha256 => Buffer.from(digest).toString('hex') as Sha256
