import { cp } from 'node:fs/promises'
import { SoakedNode } from './soaked-node.ts'
import { pause } from './timing.ts'

/** How long a node that was opened for a look is left alone before it is measured, ms. */
const QUIET_MS = 10_000

/** A home as it was at some time of the run. */
export interface EarlierHome {
  readonly node: SoakedNode
  readonly copy: string
  /** Acknowledged releases when it was copied. */
  readonly releases: number
}

/** Copies the home of a node that was stopped in order. */
export async function keepHome(node: SoakedNode, releases: number): Promise<EarlierHome> {
  const copy = `${node.home}-earlier`
  await cp(node.home, copy, { recursive: true })
  return { node, copy, releases }
}

/**
 * Bytes of live heap that one more release takes by itself: a home of some time ago and the same home now are opened by processes
 * that did nothing else. All nodes are stopped before.
 */
export async function catalogueCostOf(earlier: EarlierHome, releases: number, program: string): Promise<number> {
  const live = async (home: string) => {
    const node = new SoakedNode({ name: 'opened afresh', home, program, isProbed: true, onFault: console.error })
    await node.start([])
    await pause(QUIET_MS)
    const { live: bytes } = await node.liveMemory()
    await node.stop('SIGKILL')
    return bytes
  }
  return ((await live(earlier.node.home)) - (await live(earlier.copy))) / (releases - earlier.releases)
}
