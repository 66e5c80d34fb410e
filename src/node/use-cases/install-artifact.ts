import { type Artifact, type PackageName, type ReleaseState, shortNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'

/** Commands that a hint names at most, one a line; the message names every file. */
const MAX_COMMANDS = 8
const QUALIFIER = '?file_name='

/** `npm:x@^1?file_name=x-1.2.0.tgz`: the purl without the qualifier, and the file it names or null. @throws NodeError E_PURL */
export function splitFileName(text: string): { readonly purl: string; readonly fileName: string | null } {
  const at = text.indexOf('?')
  if (at < 0) return { purl: text, fileName: null }
  const fileName = text.slice(at).startsWith(QUALIFIER) ? decoded(text.slice(at + QUALIFIER.length)) : ''
  if (fileName !== '') return { purl: text.slice(0, at), fileName }
  throw new NodeError('E_PURL', `${text.slice(0, 120)}: the one qualifier here is file_name`, {
    hint: "hanse install 'generic:chart@7?file_name=chart.bin'",
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** Which artifact of which release is asked for, and how the request named its publisher. */
export interface ArtifactWanted {
  readonly package: PackageName
  readonly release: ReleaseState
  readonly fileName: string | null
  readonly publisher: string | undefined
}

/**
 * The artifact that an install means: the one asked for, the only one, or the one Python file that installs anywhere without
 * being built. @throws NodeError E_NOT_FOUND, E_WHICH_FILE
 */
export function pickArtifact(wanted: ArtifactWanted): Artifact {
  const { release, fileName } = wanted
  const artifacts = release.artifacts.map(({ artifact }) => artifact)
  const asked = fileName === null ? artifacts : artifacts.filter(({ name }) => name === fileName)
  const fitting = asked.length > 1 ? universalOf(wanted.package, asked) : asked
  const [chosen] = fitting
  if (chosen !== undefined && fitting.length === 1) return chosen
  const names = artifacts.map(({ name }) => name)
  const title = `${shortNameOf(wanted.package)}@${release.version}`
  const hint = names
    .slice(0, MAX_COMMANDS)
    .map(name => commandOf(wanted, title, name))
    .join('\n')
  if (fitting.length > 1)
    throw new NodeError('E_WHICH_FILE', `${title} has several files: ${names.join(', ')}`, { hint })
  throw new NodeError('E_NOT_FOUND', `${title} has no file ${fileName?.slice(0, 120)}; it has ${names.join(', ')}`, {
    hint,
  })
}

/** Wheels for one platform are the caller's choice: the node may run on another machine than the package will. */
function universalOf(name: PackageName, artifacts: readonly Artifact[]): readonly Artifact[] {
  if (!name.startsWith('pkg:pypi/')) return artifacts
  const universal = artifacts.filter(each => each.name.endsWith('-none-any.whl'))
  return universal.length > 0 ? universal : artifacts
}

function commandOf({ publisher }: ArtifactWanted, title: string, name: string): string {
  const from = publisher === undefined ? '' : ` --publisher ${publisher}`
  const purl = `${title}${QUALIFIER}${encodeURIComponent(name)}`
  return `hanse install '${purl.replaceAll("'", "'\\''")}'${from}`
}
