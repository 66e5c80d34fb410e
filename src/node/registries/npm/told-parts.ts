import type { PackageName, PublisherId } from '../../../protocol/index.ts'
import type { WithheldPick } from './withheld-picks.ts'

/** Which version somebody asked for. */
export interface Asked {
  /** ms since 1970. */
  readonly at: number
  /** The name of the token that asked, else the address. */
  readonly who: string
  readonly purl: PackageName
  readonly version: string
}

/** Who hears what clients got and did not get; neither waits nor fails. */
export interface ToldParts {
  /** What was withheld, or in dry-run would have been. */
  readonly verdicts: { note(withheld: Asked & WithheldPick): void }
  /** Whose bytes were sent; `publisher` for what one released. */
  readonly installs: { note(install: Asked & { readonly passed: boolean; readonly publisher?: PublisherId }): void }
}
