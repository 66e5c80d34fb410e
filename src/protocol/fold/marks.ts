import { splitReleaseName } from '../purl.ts'
import type { CountedOp } from './counted-op.ts'
import { addressKeyOf } from './counted-op.ts'

/** The active yanks or deprecations of one package: newest reason last (specification section 6.5). */
export interface Marks {
  /** Reason for the whole package. */
  readonly whole: string | null
  readonly byVersion: ReadonlyMap<string, string>
  /** Reason by the key of the one op that is meant. */
  readonly byOp: ReadonlyMap<string, string>
}

/** Reads the marks of one kind from a package's ops in fold order: active unless a counted op undoes them. */
export function marksOf(kind: 'yank' | 'deprecate', ops: readonly CountedOp[], undone: ReadonlySet<string>): Marks {
  let whole: string | null = null
  const byVersion = new Map<string, string>()
  const byOp = new Map<string, string>()
  for (const { op, key } of ops) {
    if (op.op !== kind || 'undo' in op.target || undone.has(key)) continue
    if ('at' in op.target) {
      byOp.set(addressKeyOf(op.target.at), op.target.reason)
      continue
    }
    const { version } = splitReleaseName(op.target.purl)
    if (version === null) whole = op.target.reason
    else byVersion.set(version, op.target.reason)
  }
  return { whole, byVersion, byOp }
}
