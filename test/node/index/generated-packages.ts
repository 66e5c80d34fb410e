import { type Document, documentKeyOf } from '../../../src/node/index/index.ts'
import { Chance } from '../../corruption/chance.ts'

const HEADS =
  `anchor beacon cargo davit ensign fender galley halyard island jetty keel lantern mast nautic oar pilot quay
rudder sail tide upwind vessel winch yard zephyr crane dock ferry gull harbour inlet knot ledger mole node packet reef
stream token vault http json yaml react graph query cache socket logger router parser server client worker bundle config
format stats color string promise schema`.split(/\s+/)
const TAILS =
  `kit core utils loader plugin cli reader writer store stream watch merge split diff path map list tree queue
pool lock hash sign verify fetch proxy mock test bench lint build pack serve route guard token scope theme icon chart
table form input modal toast menu grid slider editor viewer player mailer crawler sitemap feed`.split(/\s+/)
const VERBS =
  'parses renders validates compresses encrypts schedules streams caches merges resolves formats measures'.split(' ')
const ADJECTIVES =
  'small fast typed lazy incremental portable strict minimal streaming immutable secure tolerant'.split(' ')
const NOUNS = `tables messages images timestamps certificates templates sessions headers invoices coordinates checksums
subtitles calendars permissions translations dependencies snapshots payments sensors recipes playlists addresses
migrations benchmarks`.split(/\s+/)
const PLACES = 'browsers containers terminals databases spreadsheets microservices notebooks satellites ships'.split(
  ' ',
)
const LICENSES = ['MIT', 'Apache-2.0', 'BSD-3-Clause', 'MIT OR Apache-2.0', 'GPL-3.0-only']
const TYPES = ['npm', 'npm', 'npm', 'pypi', 'cargo']
const PUBLISHERS = ['acme', 'harbour', 'office', 'gateway']
/** Steps over the pairs of head and tail: coprime to their number, so that neighbours share neither. */
const STRIDE = 1237

/** The name of package `number`; no two are the same. */
export function generatedName(number: number): string {
  const pairs = HEADS.length * TAILS.length
  const pair = ((number % pairs) * STRIDE) % pairs
  const [head, tail] = [HEADS[pair % HEADS.length]!, TAILS[Math.floor(pair / HEADS.length)]!]
  const again = number < pairs ? '' : String(Math.floor(number / pairs) + 1)
  const scope = number % 11 === 0 ? '@fleet/' : ''
  return `${scope}${head}${['-', '_', ''][number % 3]}${tail}${again}`
}

/** Package `number` as its release `revision` describes it: same numbers, same document. */
export function generatedPackage(number: number, revision = 0): Document {
  const chance = new Chance(number * 65_537 + revision * 17 + 1)
  const [publisher, type] = [PUBLISHERS[number % PUBLISHERS.length]!, TYPES[number % TYPES.length]!]
  const name = generatedName(number)
  const purl = `pkg:${type}/${name}`
  return {
    ...{ key: documentKeyOf(publisher, purl), publisher, package: purl, name, type },
    description: `A ${chance.pick(ADJECTIVES)} library that ${chance.pick(VERBS)} ${chance.pick(NOUNS)} and ${chance.pick(NOUNS)} in ${chance.pick(PLACES)}`,
    keywords: Array.from({ length: chance.below(4) }, () => chance.pick(NOUNS)),
    license: chance.pick(LICENSES),
    version: `${revision}.0.0`,
    isPublic: chance.below(4) > 0,
    popularity: Math.floor(2 ** (chance.below(160) / 10)),
    releasedMs: 1_700_000_000_000 + chance.below(1_000_000) * 60_000,
    quality: chance.below(3) === 0 ? null : chance.below(100) / 100,
  }
}

/** A text with two neighbouring letters swapped, in its middle where there is room. */
export function misspelt(text: string, chance: Chance): string {
  const at = 1 + chance.below(Math.max(1, text.length - 3))
  return `${text.slice(0, at)}${text[at + 1] ?? ''}${text[at] ?? ''}${text.slice(at + 2)}`
}
