import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteNamers, type Namer } from '../../../src/node/library/byte-namers.ts'
import type { Sha256 } from '../../../src/protocol/index.ts'

const sha256Of = (n: number): Sha256 => `${'ab'.repeat(30)}${n.toString(16).padStart(4, '0')}` as Sha256
const namer = fc.record({
  publisher: fc.constantFrom('p', 'q', 'r'),
  feed: fc.constantFrom('1', '2'),
  isRelease: fc.boolean(),
}) as fc.Arbitrary<Namer>

/** Who names what, in the plainest way. */
class PlainNamers {
  readonly #all = new Map<Sha256, Namer[]>()

  name(sha256: Sha256, namer: Namer): void {
    const all = this.#all.get(sha256) ?? []
    this.#all.set(sha256, all)
    const same = all.find(({ publisher, feed }) => publisher === namer.publisher && feed === namer.feed)
    if (same !== undefined && (same.isRelease || !namer.isRelease)) return
    if (same !== undefined) all.splice(all.indexOf(same), 1)
    all.push(namer)
  }

  forget(gone: Namer['publisher']): void {
    for (const [sha256, all] of this.#all) {
      const left = all.filter(({ publisher }) => publisher !== gone)
      if (left.length > 0) this.#all.set(sha256, left)
      else this.#all.delete(sha256)
    }
  }

  get all(): ReadonlyMap<Sha256, readonly Namer[]> {
    return this.#all
  }
}

test('bytes are named by whom they were named, until that publisher is forgotten', () => {
  const step = fc.oneof(
    { weight: 9, arbitrary: fc.tuple(fc.nat(20), namer) },
    fc.constantFrom('p', 'q', 'r').map(gone => gone as Namer['publisher']),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const [namers, plain] = [new ByteNamers(), new PlainNamers()]
      for (const each of steps) {
        if (typeof each === 'string') for (const all of [namers, plain]) all.forget(each)
        else for (const all of [namers, plain]) all.name(sha256Of(each[0]), each[1])
      }
      expect(new Map(namers.all())).toEqual(plain.all)
      for (let n = 0; n <= 21; n++) expect(namers.of(sha256Of(n))).toEqual(plain.all.get(sha256Of(n)) ?? [])
    }),
  )
})

test('what thousands of forgotten digests leave behind is swept up, and the others stay', () => {
  const namers = new ByteNamers()
  const by = (publisher: string): Namer => ({ publisher, feed: '1', isRelease: true }) as Namer
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 3_000; n++) namers.name(sha256Of(n), by(`gone ${round}`))
    namers.name(sha256Of(round), by('stays'))
    namers.forget(`gone ${round}` as Namer['publisher'])
  }
  expect(new Map(namers.all())).toEqual(new Map([0, 1, 2].map(n => [sha256Of(n), [by('stays')]])))
})

test('bytes that are named again are not among those that nobody names', () => {
  const namers = new ByteNamers()
  const namer = { publisher: 'p', feed: '1', isRelease: true } as unknown as Namer
  const nameAll = () => {
    for (let n = 0; n < 100; n++) namers.name(sha256Of(n), namer)
  }
  for (let round = 0; round < 3; round++) {
    nameAll()
    expect(namers.sizes).toEqual({ digests: 100, unnamed: 0 })
    namers.forget(namer.publisher)
    expect(namers.sizes).toEqual({ digests: 100, unnamed: 100 })
  }
})
