import { join } from 'node:path'
import { NodeError } from '../errors.ts'
import { readIdentity } from '../identity/identity-file.ts'
import { RelationBook } from '../library/relation-book.ts'
import { readPeers } from '../network/peer-book.ts'
import { policyStateFilesOf } from '../policy/index.ts'
import { type DataDirectory, type Finding, StorageError, setAside } from '../storage/index.ts'
import { TokenBook } from '../tokens/index.ts'
import { cacheStateFilesOf } from './cache-state-files.ts'

interface StateFile {
  readonly path: string
  readonly check: () => Promise<unknown>
  /** What putting it aside means; null for keys, which nothing here can replace. */
  readonly without: string | null
}

/** Reads every document of a home's state. With `repair`, broken ones but the keys are put aside, so that the node starts without. */
export async function* checkStateFiles(paths: DataDirectory, repair: boolean): AsyncGenerator<Finding> {
  for (const { path, check, without } of stateFilesOf(paths)) {
    const problem = await problemOf(check)
    if (problem === null) continue
    if (!repair || without === null) {
      yield { kind: 'file', subject: path, problem, repaired: false }
      continue
    }
    const aside = await setAside(path)
    yield { kind: 'file', subject: path, problem: `${problem}; it is now ${aside}, and ${without}`, repaired: true }
  }
}

function stateFilesOf({ home, state }: DataDirectory): readonly StateFile[] {
  const relations = join(state, 'relations.json')
  const peers = join(state, 'peers.json')
  const tokens = join(state, 'tokens.json')
  return [
    { path: join(home, 'identity.json'), check: () => readIdentity(home), without: null },
    {
      path: relations,
      check: () => RelationBook.open(relations),
      without: 'nothing is followed, allowed, mirrored or blocked until it is again',
    },
    { path: tokens, check: () => TokenBook.open(tokens), without: 'every token is revoked' },
    ...policyStateFilesOf(home, state),
    ...cacheStateFilesOf(state),
    { path: peers, check: () => readPeers(peers), without: 'no peer is pinned' },
  ]
}

async function problemOf(check: () => Promise<unknown>): Promise<string | null> {
  try {
    await check()
    return null
  } catch (error) {
    if (error instanceof StorageError || error instanceof NodeError) return error.message
    throw error
  }
}
