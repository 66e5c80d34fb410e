import { cidOf } from './ids-parse.ts'
import { feedBytesOf } from './key-list.ts'
import { compareDependencies } from './op-schema.ts'
import type {
  Artifact,
  DelegateBody,
  Document,
  IdentityBody,
  Op,
  OpAddress,
  OpTarget,
  ReleaseSummary,
  RotateBody,
  VoidBody,
} from './record.ts'

/** A body as it is written: canonical names, links for ids, bytes for digests, absent for what is not there. */
export type BodyMap = Readonly<Record<string, unknown>>

/** A root record's body (section 4.4); a rotate's `by` stands in the frame. */
export function rootBodyMapOf(body: IdentityBody | DelegateBody | VoidBody | RotateBody): BodyMap {
  if (body.typ === 'identity') return without(body, 'typ')
  if (body.typ === 'rotate') return without(without(body, 'typ'), 'by')
  if (body.typ === 'delegate') return { ...without(body, 'typ'), feed: feedBytesOf(body.feed) }
  return { ...without(body, 'typ'), feed: feedBytesOf(body.feed), head: body.head === null ? null : cidOf(body.head) }
}

/** The body of a writer's record: ops of one kind (section 4.4). */
export function opsBodyMapOf(ops: readonly Op[]): BodyMap {
  return { ops: ops.map(opMapOf) }
}

function opMapOf(op: Op): BodyMap {
  switch (op.op) {
    case 'release':
      return {
        ...without(op, 'op'),
        artifacts: op.artifacts.map(artifactMapOf),
        summary: summaryMapOf(op.summary),
        ...(op.manifest === undefined ? {} : { manifest: documentMapOf(op.manifest) }),
      }
    case 'yank':
    case 'deprecate':
      return targetMapOf(op.target)
    case 'tag':
    case 'profile':
      return without(op, 'op')
    case 'origin':
      return { ...without(op, 'op'), artifact: artifactMapOf(op.artifact) }
    case 'holds':
      return {
        peer: op.peer,
        publishers: op.publishers.map(cidOf),
        cids: op.cids.map(cidOf),
        ...(op.undo ? { undo: true } : {}),
      }
    case 'audience':
    case 'member':
      return { ...without(without(op, 'op'), 'undo'), ...(op.undo ? { undo: true } : {}) }
  }
}

function artifactMapOf(artifact: Artifact): BodyMap {
  return { ...artifact, cid: cidOf(artifact.cid), sha256: Buffer.from(artifact.sha256, 'hex') }
}

function documentMapOf(document: Document): BodyMap {
  return 'cid' in document ? { ...document, cid: cidOf(document.cid) } : { ...document }
}

/** Dependencies are written sorted and once each, however the manifest had them. */
function summaryMapOf(summary: ReleaseSummary): BodyMap {
  if (summary.dependencies === undefined) return { ...summary }
  const sorted = [...summary.dependencies].sort(compareDependencies)
  const distinct = sorted.filter((item, index) => compareDependencies(item, sorted[index - 1] ?? []) !== 0)
  return { ...summary, dependencies: distinct }
}

function targetMapOf(target: OpTarget): BodyMap {
  if ('undo' in target) return { undo: target.undo.map(addressOf) }
  return 'at' in target ? { ...target, at: addressOf(target.at) } : { ...target }
}

function addressOf([id, index]: OpAddress): readonly unknown[] {
  return [cidOf(id), index]
}

function without(value: object, name: string): BodyMap {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
}
