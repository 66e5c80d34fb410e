import { denoOursOf, denoPatterns, denoWith, withoutDenoOurs } from './deno-text.ts'
import { oursOf, withoutOurs } from './marks.ts'

/** Where a deno project configures it; of both deno reads the first. */
export const DENO_FILES = ['deno.json', 'deno.jsonc'] as const
type DenoFileName = (typeof DENO_FILES)[number]

/** What a project and its node are, as far as deno's age gate asks. */
interface DenoProject {
  /** Names of the files in the project's folder. */
  readonly present: ReadonlySet<string>
  readonly privateNames: { readonly patterns: readonly string[] }
}

/** The deno configuration of a project, and how it changes; none where the project has none: deno reads its registry from `.npmrc`. */
export function denoFilesOf({ present, privateNames }: DenoProject) {
  const name = DENO_FILES.find(each => present.has(each))
  const change = (file: DenoFileName) => (text: string) => denoWith(file, text, privateNames.patterns)
  return name === undefined ? [] : [{ name, change: change(name) }]
}

/** What stays open for users of deno; null: nothing, or the project is not one of deno. */
export function denoOpenPointOf({ present, privateNames }: DenoProject): string | null {
  const hasFile = DENO_FILES.some(name => present.has(name))
  const isHeld = 'deno holds releases younger than a day, private ones too'
  if (!hasFile) {
    return present.has('deno.lock') ? `${isHeld}: write {} into deno.json, and run hanse use npm again` : null
  }
  if (denoPatterns(privateNames.patterns).length > 0) return null
  return `${isHeld}, and this node has released none yet: publish one and run hanse use npm again, or say --scope @acme`
}

const isDenoFile = (name: string): name is DenoFileName => DENO_FILES.some(each => each === name)

/** The text of a file as it was before `hanse use`. */
export const withoutOursIn = (name: string, text: string): string =>
  isDenoFile(name) ? withoutDenoOurs(name, text) : withoutOurs(text)

/** What of a file is ours. */
export const oursIn = (name: string, text: string): string[] =>
  isDenoFile(name) ? denoOursOf(name, text) : oursOf(text)
