import { type PackageName, shortNameOf } from '../../protocol/index.ts'
import type { Document } from '../index/index.ts'
import type { NodeContext } from '../node-context.ts'
import { PURL_TYPES } from './purl-types.ts'
import { shownNow } from './shown-now.ts'

/** Hits looked through for names that begin so: all that one search gives. */
const LOOKED_THROUGH = 100

/**
 * Short names of packages held here that begin as typed, the most popular first: with the type (`npm:@ac`, `pkg:npm/…` is not
 * read) or without (`@ac`, `rop`), in any case. No peer is asked.
 */
export function complete(node: NodeContext, { text, limit }: { readonly text: string; readonly limit: number }) {
  const typed = text.trimStart()
  const [, before = '', rest = typed] = /^([a-z][a-z0-9.+-]*):(.*)$/is.exec(typed) ?? []
  const type = before.toLowerCase()
  const isTyped = PURL_TYPES.has(type)
  const filter = isTyped ? { types: [type] } : {}
  const begin = (isTyped ? rest : typed).toLowerCase()
  const found = node.library.index.search({
    ...{ text: /[\p{L}\p{N}]/u.test(begin) ? begin : '', limit: LOOKED_THROUGH, filter },
    ...shownNow(node, Date.now()),
  })
  const begun = found.map(({ document }) => document).filter(({ name }) => name.toLowerCase().startsWith(begin))
  const names = begun.toSorted(byPopularity).map(({ package: name }) => shortNameOf(name as PackageName))
  return { names: [...new Set(names)].slice(0, limit) }
}

const byPopularity = (a: Document, b: Document): number =>
  b.popularity - a.popularity || a.name.length - b.name.length || (a.name < b.name ? -1 : 1)
