import type { RunningNode, StartOptions } from './start-node.ts'

export { verifyArchiveLine } from './archives/index.ts'
export type { StartFlags } from './config/index.ts'
export { doctorHome } from './home/doctor-home.ts'
export { initHome } from './home/init-home.ts'
export { restoreHome } from './home/restore-home.ts'
export { readLockFile } from './lock-files/index.ts'
export { parsePolicyText } from './policy/index.ts'
export { readBackup } from './storage/index.ts'
export type { RunningNode, StartOptions }

/** Starts a node. What only a running node needs is loaded here: it takes longer than all else together. */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  const running = await import('./start-node.ts')
  return await running.startNode(options)
}
