import type { KeptPackument } from './kept-packument.ts'
import { type ExpectedDigests, expectedDigestsOf } from './npm-digest.ts'

/** One version to be served, and the document that lists it. */
export interface ListedTarball {
  readonly name: string
  readonly version: string
  readonly packument: KeptPackument
}

/** A short name of what its bytes must be. */
export function markOf({ packument, version }: ListedTarball): string {
  return packument.facts.seen.get(version)!.mark
}

/** What its bytes must be; reads the document. */
export const expectedOf = ({ packument, version }: ListedTarball): ExpectedDigests =>
  expectedDigestsOf(packument.distOf(version))!
