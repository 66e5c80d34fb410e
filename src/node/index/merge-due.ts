import { MERGE_AT_CHANGES, MERGE_AT_SHARE } from './limits.ts'

/**
 * After how many changes a base of so many documents is merged. A document takes some ten times as much memory in the delta as in
 * the base, and a small base is soon written: one that grows document by document to 4,096 is written about three times over.
 */
export function changesToMerge(documents: number): number {
  const { least, ofSmallBase, most } = MERGE_AT_CHANGES
  const whileSmall = Math.min(ofSmallBase, Math.floor(documents * MERGE_AT_SHARE.ofSmallBase))
  return Math.min(most, Math.max(least, whileSmall, Math.floor(documents * MERGE_AT_SHARE.ofBase)))
}
