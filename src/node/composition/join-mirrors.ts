import { systemClock } from '../../federation/index.ts'
import type { PublisherId } from '../../protocol/index.ts'
import { CopyRounds } from '../library/copy-rounds.ts'
import { MirrorChecks } from '../library/mirror-checks.ts'
import { MirrorKeeper } from '../library/mirror-keeper.ts'
import type { NodeContext } from '../node-context.ts'
import { isNewsOfCopies } from '../use-cases/copy-news.ts'
import { checkMirror, mirrorChecked, pickMirrorCheck } from '../use-cases/mirror-checks.ts'

/** Keeps the bytes of mirrored publishers here, looks whether other mirrors do, and whether there are copies enough. */
export function joinMirrors(stack: AsyncDisposableStack, node: NodeContext): MirrorKeeper {
  const mirror = stack.use(mirrorOf(node))
  stack.use(mirrorChecksOf(node))
  keepCopies(stack, node, mirror)
  return mirror
}

function mirrorChecksOf(node: NodeContext): MirrorChecks {
  return new MirrorChecks({
    pick: () => pickMirrorCheck(node, Math.random),
    check: (checkable, signal) => checkMirror(node, checkable, signal),
    onChecked: (checkable, outcome) => mirrorChecked(node, checkable, outcome),
    clock: systemClock,
    random: Math.random,
  })
}

/** Looks at copies as time passes and as others say what they hold. */
function keepCopies(stack: AsyncDisposableStack, node: NodeContext, mirror: MirrorKeeper): void {
  const { copies, holding, library, relations } = node
  const isCounted = (publisher: PublisherId) => relations.relationOf(publisher).copies !== undefined
  stack.use(
    new CopyRounds({
      book: copies,
      look: () => mirror.look(isCounted),
      sign: () => holding.look(),
      ...{ clock: systemClock, random: Math.random },
    }),
  )
  stack.defer(
    library.onChange(records => {
      if (!relations.known().some(isCounted)) return
      if (records.some(record => isNewsOfCopies(node, record))) copies.stale()
    }),
  )
}

function mirrorOf({ library, fetcher, relations, artifacts, metrics, purges, copies }: NodeContext): MirrorKeeper {
  return new MirrorKeeper({
    ...{ library, fetcher, copies },
    isMirrored: publisher => relations.relationOf(publisher).mirror,
    // What was purged is not missing: nobody is asked for it.
    has: async artifact => purges.whyOf(artifact) !== null || (await artifacts.has(artifact.sha256)),
    clock: systemClock,
    onFailed: () => metrics.fetched.inc({ result: 'mirror failed' }),
  })
}
