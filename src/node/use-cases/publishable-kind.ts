import type { ReleaseName } from '../../protocol/index.ts'
import { detectArchive, type Publishable } from '../archives/index.ts'
import { NodeError } from '../errors.ts'

/** What a package of these types is; no other file may be released under their names. */
const ARCHIVES: ReadonlyMap<string, string> = new Map([
  ['npm', 'a .tgz with a package.json'],
  ['pypi', 'a .whl or a .tar.gz with a PKG-INFO'],
  ['cargo', 'a .crate with a Cargo.toml'],
])

/** What the file is read as. @throws NodeError E_ARCHIVE_FORMAT for one that is not what its name's ecosystem installs */
export async function kindOf(path: string, fileName: string, named: ReleaseName | null): Promise<Publishable> {
  const kind = await detectArchive(path)
  const type = named === null ? undefined : typeOf(named)
  const wanted = ARCHIVES.get(type ?? '')
  if (kind !== 'file' || wanted === undefined) return kind
  const what = JSON.stringify(fileName.slice(0, 80))
  throw new NodeError('E_ARCHIVE_FORMAT', `${what} is no package of ${type}, which is ${wanted}`, {
    hint: 'for any other file: --purl pkg:generic/NAME@VERSION',
  })
}

const typeOf = (name: ReleaseName): string => name.slice('pkg:'.length, name.indexOf('/'))
