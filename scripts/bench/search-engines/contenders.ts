import type { Contender, EngineName } from './contender.ts'

/** Loads one engine and nothing of the others. `peers` is the folder in which they were installed. */
export async function contenderOf(name: EngineName, peers: string): Promise<Contender> {
  switch (name) {
    case 'ours':
      return (await import('./ours-contender.ts')).oursContender
    case 'fts5':
      return (await import('./fts5-contender.ts')).fts5Contender
    case 'minisearch':
      return await (await import('./minisearch-contender.ts')).minisearchContender(peers)
    case 'orama':
      return await (await import('./orama-contender.ts')).oramaContender(peers)
    case 'flexsearch':
      return await (await import('./flexsearch-contender.ts')).flexsearchContender(peers)
    case 'fuse':
      return (await import('./fuse-contender.ts')).fuseContender
  }
}
