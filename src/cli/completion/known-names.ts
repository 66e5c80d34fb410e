import { ApiClient } from '../api-client.ts'
import type { Context } from '../command.ts'
import { homeOf } from '../environment.ts'
import { findRunFile } from '../run-file.ts'

/** How long a person who pressed Tab waits for names, ms. */
const ANSWER_MS = 1_000
/** Names shown at once. */
const MAX_NAMES = 50

/** Names of packages that begin so, of the node that the command line is for; none when it does not run or answer. */
export async function knownNames(
  { environment, signal }: Pick<Context, 'environment' | 'signal'>,
  before: readonly string[],
  current: string,
): Promise<readonly string[]> {
  try {
    const node = await nodeOf(before, environment, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]))
    const query = { q: current, limit: MAX_NAMES }
    const answer = await node?.call<{ readonly names?: unknown }>('GET', '/api/complete', { query })
    return Array.isArray(answer?.names) ? answer.names.filter(isPlainName) : []
  } catch {
    // Whoever types a command is not told about a node: the command itself does that.
    return []
  }
}

/** One word of a shell: what could be anything else there is not offered. */
const isPlainName = (name: unknown): name is string => typeof name === 'string' && /^[\w@./:+~-]+$/.test(name)

async function nodeOf(
  before: readonly string[],
  environment: Context['environment'],
  signal: AbortSignal,
): Promise<ApiClient | null> {
  const home = optionOf(before, '--home')
  const token = optionOf(before, '--token') ?? environment.token
  const url = optionOf(before, '--node') ?? (home === undefined ? environment.node : undefined)
  if (url !== undefined) return new ApiClient(url, token, signal)
  const run = await findRunFile(homeOf(home, environment))
  return run === null ? null : new ApiClient(run.url, token ?? run.token, signal)
}

/** The value of an option among words typed, as `--home DIR` or `--home=DIR`. */
function optionOf(words: readonly string[], option: string): string | undefined {
  const at = words.lastIndexOf(option)
  const joined = words.findLast(word => word.startsWith(`${option}=`))
  return at >= 0 ? words[at + 1] : joined?.slice(option.length + 1)
}
