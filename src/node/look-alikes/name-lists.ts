import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_TRUSTED_NAMES, type PackageName, parsePackageSpec, parsePurl, TrustedNames } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { MAX_NAMES_FILE_BYTES } from './limits.ts'
import { MOST_USED_NPM } from './most-used-npm.ts'

/** Names by ecosystem (package URL type). */
export interface NameLists {
  readonly byType: ReadonlyMap<string, TrustedNames>
}

/** The operator's list in the home of a node: one name a line, the most used first; `#` begins a comment. */
const NAMES_FILE = 'look-alike-names.txt'

/** The most-used names: the operator's own list if there is one, else the one that comes with the node. @throws NodeError E_CONFIG for a file that is too large or cannot be read */
export async function readNameLists(home: string): Promise<NameLists> {
  const own = await readOwn(join(home, NAMES_FILE))
  const lines = own === null ? MOST_USED_NPM : own.split('\n')
  const lists = nameListsOf(lines)
  // A long list is better waited for by the start than by a request.
  for (const names of lists.byType.values()) if (own !== null) names.arrange()
  return lists
}

/** Lines are npm names, or short names with their type as in `pypi:requests`; what is no name is left out. */
export function nameListsOf(lines: Iterable<string>): NameLists {
  const byType = new Map<string, TrustedNames>()
  let left = MAX_TRUSTED_NAMES
  for (const line of lines) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const named = typedNameOf(text)
    if (named === null) continue
    if (left-- <= 0) break
    trustedOf(byType, named.type).add([named.name])
  }
  return { byType }
}

/** The names of a type, made when first asked for. */
export function trustedOf(byType: Map<string, TrustedNames>, type: string): TrustedNames {
  const known = byType.get(type) ?? new TrustedNames()
  byType.set(type, known)
  return known
}

/** A package's type and its name as people write it. */
export function typedNameOfPackage(name: PackageName): { readonly type: string; readonly name: string } {
  const parsed = parsePurl(name)
  if (!parsed.ok) return { type: '', name }
  const { type, namespace, name: last } = parsed.value
  return { type, name: namespace === null ? last : `${namespace}/${last}` }
}

/** Most lines are plain npm names, of which a list has up to a million. */
const PLAIN = /^(?:@[a-z0-9][a-z0-9._-]{0,100}\/)?[a-z0-9][a-z0-9._-]{0,100}$/

function typedNameOf(text: string): { readonly type: string; readonly name: string } | null {
  if (PLAIN.test(text)) return { type: 'npm', name: text }
  const spec = parsePackageSpec(/^[a-z][a-z0-9.-]*:/.test(text) ? text : `npm:${text}`)
  return spec.ok && spec.value.range === null ? typedNameOfPackage(spec.value.package) : null
}

async function readOwn(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path)
    if (size > MAX_NAMES_FILE_BYTES) {
      throw new NodeError('E_CONFIG', `${path} has more than ${MAX_NAMES_FILE_BYTES} bytes`, {
        hint: 'keep the most used names, at most a million',
      })
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    if (cause instanceof NodeError) throw cause
    throw new NodeError('E_CONFIG', `${path} cannot be read`, { cause })
  }
}
