import { type PackageName, parsePackageSpec, type ReleaseState, type ReleaseSummary } from '../../protocol/index.ts'

/** Dependencies of a release that are counted: more than usual packages have, and no one release touches more names. */
const MAX_COUNTED_DEPENDENCIES = 256
/** Spellings remembered, about 8 MB: popular packages are named over and over. */
const MAX_SPELLINGS = 50_000

/** Reads which packages releases need, in the spelling that catalogues use. */
export class NeededPackages {
  readonly #known = new Map<string, PackageName | null>()

  /** The packages that using a release needs, each once and never itself; what only its developers need is left out. */
  of(name: PackageName, { summary }: Pick<ReleaseState, 'summary'>): readonly PackageName[] {
    const dependencies = summary.dependencies ?? []
    if (dependencies.length === 0) return []
    const type = typeOf(name)
    const needed = new Set<PackageName>()
    for (const dependency of dependencies.slice(0, MAX_COUNTED_DEPENDENCIES)) {
      const found = dependency[2] === 'dev' ? null : this.#packageOf(type, dependency)
      if (found !== null && found !== name) needed.add(found)
    }
    return [...needed]
  }

  #packageOf(type: string, [name, range]: NonNullable<ReleaseSummary['dependencies']>[number]): PackageName | null {
    // npm's alias: the name is the dependent's own, the range says whose package it is.
    const spec = type === 'npm' && range.startsWith('npm:') ? range : `${type}:${name}`
    const known = this.#known.get(spec)
    if (known !== undefined) return known
    const parsed = parsePackageSpec(spec)
    const found = parsed.ok ? parsed.value.package : null
    if (this.#known.size >= MAX_SPELLINGS) this.#known.clear()
    this.#known.set(spec, found)
    return found
  }
}

/** The type of a canonical name, without reading the rest of it. */
const typeOf = (name: PackageName): string => name.slice('pkg:'.length, name.indexOf('/'))
