import { MAX_OPS, type OriginOp } from '../../protocol/index.ts'
import { MAX_OPS_BYTES } from './limits.ts'

/** Bytes of an op beside its texts: digests, link, keys and lengths. */
const FIXED_OP_BYTES = 140

/** Ops in as few records as they fit, in their order. */
export function opBatchesOf(ops: readonly OriginOp[]): readonly (readonly OriginOp[])[] {
  const batches: OriginOp[][] = []
  let bytes = 0
  for (const op of ops) {
    const size = sizeOf(op)
    const last = batches.at(-1)
    if (last === undefined || last.length >= MAX_OPS || bytes + size > MAX_OPS_BYTES) {
      batches.push([op])
      bytes = size
    } else {
      last.push(op)
      bytes += size
    }
  }
  return batches
}

const sizeOf = ({ purl, upstream, digest, artifact }: OriginOp): number =>
  FIXED_OP_BYTES + [purl, upstream, digest, artifact.name].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
