import { isReleased, type PackageName, type PackageState, type PublisherId, parsePurl } from '../../protocol/index.ts'
import { squashedOf } from '../index/index.ts'

const BETWEEN_WORDS = /[\s\p{P}\p{S}]+/u

/** The last parts of the names of packages that are released here and are not public, as words of a query are held against them. */
export class HiddenNames {
  /** By the part without case and punctuation, the names of the packages that have it, by publisher and package. */
  readonly #packages = new Map<string, Map<string, string>>()
  readonly #parts = new Map<string, string>()
  #longest = 0

  /** A package as it is now; null: it is gone. */
  show(publisher: PublisherId, name: PackageName, state: PackageState | null): void {
    const key = `${publisher} ${name}`
    const isHidden = isReleased(state) && state.visibility !== 'public'
    const parsed = isHidden ? parsePurl(name) : null
    const part = parsed?.ok ? squashedOf(parsed.value.name) : ''
    const before = this.#parts.get(key) ?? ''
    if (part === before) return
    this.#drop(before, key)
    if (!parsed?.ok || part === '') return
    const { namespace, name: last } = parsed.value
    this.#parts.set(key, part)
    this.#packages.set(
      part,
      (this.#packages.get(part) ?? new Map()).set(key, namespace === null ? last : `${namespace}/${last}`),
    )
    this.#longest = Math.max(this.#longest, part.length)
  }

  /**
   * The name of a package whose last part is some words of this text, one after the other, but for case and punctuation; null: none. A misspelt name is
   * a word like any other: else who has a private `preact` could not ask peers for `react`.
   */
  namedIn(text: string): string | null {
    const words = text.split(BETWEEN_WORDS).map(squashedOf)
    for (let start = 0; start < words.length; start++) {
      let joined = ''
      for (let at = start; at < words.length && joined.length < this.#longest; at++) {
        joined += words[at]
        const [name] = this.#packages.get(joined)?.values() ?? []
        if (name !== undefined) return name
      }
    }
    return null
  }

  #drop(part: string, key: string): void {
    this.#parts.delete(key)
    const packages = this.#packages.get(part)
    packages?.delete(key)
    if (packages?.size === 0) this.#packages.delete(part)
  }
}
