import { type PublisherId, parsePackageSpec, parsePurl } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { SearchRequest } from '../../http/search-services.ts'
import { IS_WORDS, type IsWord, parseSearchText, type SearchFilter } from '../../index/index.ts'
import type { NodeContext } from '../../node-context.ts'
import { PURL_TYPES } from '../purl-types.ts'
import { publishersThatAre } from './standing.ts'

/** What a search is for, of what was typed and of flags together. */
export interface Wanted {
  /** Words to rank by. */
  readonly text: string
  /** null: what was asked for cannot be, such as a publisher of whom the node is not what `is:` says. */
  readonly filter: SearchFilter | null
  readonly is: readonly IsWord[]
  /** Nothing was asked for. */
  readonly isEmpty: boolean
  readonly notes: readonly string[]
}

/** Reads a request. @throws NodeError E_USAGE, E_PUBLISHER for what no package can have */
export function wantedOf(node: NodeContext, request: SearchRequest): Wanted {
  const typed = parseSearchText(request.text, packageOf)
  const types = [...typed.types, ...(request.types ?? [])].map(parseType)
  const named = [...typed.publishers, ...(request.publishers ?? [])].map(each => node.relations.resolve(each))
  const licenses = [...typed.licenses, ...(request.licenses ?? [])]
  const keywords = [...typed.keywords, ...(request.keywords ?? [])]
  const phrases = [...typed.phrases, ...(request.phrases ?? [])]
  const without = [...typed.without, ...(request.without ?? [])]
  const is = [...new Set([...typed.is, ...(request.is ?? []).map(parseIs)])]
  const publishers = bothOf(named, publishersThatAre(node, is))
  const text = [typed.text, ...(request.phrases ?? [])].filter(each => each !== '').join(' ')
  const lists = [types, named, licenses, keywords, phrases, without, is]
  return {
    text,
    is,
    filter: publishers === null ? null : { types, publishers, licenses, keywords, phrases, without },
    isEmpty: text.trim() === '' && lists.every(list => list.length === 0),
    notes: typed.notes,
  }
}

/** Publishers that were named and stand as was asked; none: all of them; null: there cannot be one. */
function bothOf(named: readonly PublisherId[], standing: readonly PublisherId[] | null): readonly PublisherId[] | null {
  if (standing === null) return named
  const both = named.length === 0 ? standing : named.filter(each => standing.includes(each))
  return both.length === 0 ? null : both
}

/** `npm:@acme/x@^1` and `pkg:npm/%40acme/x` name a package; `std::vector` and `http://x` do not. */
function packageOf(text: string): { readonly type: string; readonly name: string } | null {
  const type = /^(?:pkg:)?([a-z][a-z0-9.+-]*)/i.exec(text)?.[1]?.toLowerCase() ?? ''
  if (!PURL_TYPES.has(type)) return null
  const spec = parsePackageSpec(text)
  const parsed = spec.ok ? parsePurl(spec.value.package) : null
  if (parsed?.ok !== true) return null
  const { namespace, name } = parsed.value
  return { type, name: namespace === null ? name : `${namespace}/${name}` }
}

/** Reads a type as typed. @throws NodeError E_USAGE for one that is not registered */
function parseType(text: string): string {
  const type = text.toLowerCase()
  if (PURL_TYPES.has(type)) return type
  throw new NodeError('E_USAGE', `${JSON.stringify(text.slice(0, 32))} is no registered type of packages`, {
    hint: 'one such as npm, pypi, cargo, maven, golang, oci or generic; without --type all are searched',
  })
}

function parseIs(text: string): IsWord {
  const word = IS_WORDS.find(each => each === text.toLowerCase())
  if (word !== undefined) return word
  throw new NodeError('E_USAGE', `no package is ${JSON.stringify(text.slice(0, 32))}`, {
    hint: `--is ${IS_WORDS.join(', or --is ')}`,
  })
}
