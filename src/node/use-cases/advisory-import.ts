import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { type Advisory, MAX_OSV_BYTES, parseOsvDocument } from '../../protocol/index.ts'
import { IMPORT_SLICE, MAX_IMPORT_BYTES, MAX_REASONS } from '../advisories/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'

/** What became of the documents of one request. */
export interface ImportReport {
  readonly added: number
  readonly changed: number
  /** Held as they are, or with a later change. */
  readonly unchanged: number
  /** Taken out, because whoever published them took them back. */
  readonly withdrawn: number
  readonly skipped: number
  /** Why documents were skipped, and how many for each reason. */
  readonly reasons: readonly { readonly why: string; readonly count: number }[]
}

type Context = Pick<NodeContext, 'advisories' | 'audit'>

/** Takes in OSV documents, one a line; the advisories of one request become one change. @throws NodeError E_TOO_LARGE */
export async function importAdvisories(node: Context, body: Readable, who: string): Promise<ImportReport> {
  const skipped = new Map<string, number>()
  const skip = (why: string) => {
    const reason = skipped.has(why) || skipped.size < MAX_REASONS ? why : 'other reasons'
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
  }
  const advisories: Advisory[] = []
  for (const [at, line] of (await linesOf(body)).entries()) {
    if (at % IMPORT_SLICE === IMPORT_SLICE - 1) await setImmediate()
    const parsed = advisoryOf(line)
    if (parsed.ok) advisories.push(parsed.value)
    else skip(parsed.why)
  }
  const outcomes = await node.advisories.apply(advisories)
  const count = (outcome: string) => outcomes.filter(each => each === outcome).length
  for (let left = count('too many'); left > 0; left--) skip('its package has too many advisories')
  const reasons = [...skipped].map(([why, times]) => ({ why, count: times })).sort((a, b) => b.count - a.count)
  const report = {
    ...{ added: count('added'), changed: count('changed'), unchanged: count('unchanged') },
    ...{ withdrawn: count('withdrawn'), skipped: reasons.reduce((sum, reason) => sum + reason.count, 0), reasons },
  }
  const { added, changed, withdrawn } = report
  if (added + changed + withdrawn > 0) {
    await node.audit.append({ at: Date.now(), who, what: 'advisory.import', added, changed, withdrawn })
  }
  return report
}

function advisoryOf(line: Buffer): ReturnType<typeof parseOsvDocument> {
  if (line.length > MAX_OSV_BYTES) return { ok: false, why: `a document of more than ${MAX_OSV_BYTES} bytes` }
  try {
    return parseOsvDocument(JSON.parse(line.toString('utf8')))
  } catch {
    return { ok: false, why: 'not JSON' }
  }
}

/** The lines of a bounded body; empty ones are none. */
async function linesOf(body: Readable): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  let size = 0
  // A refusal must still be read by the client, so the request is left open here and closed after the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_IMPORT_BYTES) {
      throw new NodeError('E_TOO_LARGE', `an import has more than ${MAX_IMPORT_BYTES} bytes`, {
        hint: 'send fewer documents at once, as hanse advisory import does',
      })
    }
    chunks.push(chunk)
  }
  const whole = Buffer.concat(chunks)
  const lines: Buffer[] = []
  for (let start = 0; start < whole.length; ) {
    const found = whole.indexOf(0x0a, start)
    const end = found < 0 ? whole.length : found
    if (end > start) lines.push(whole.subarray(start, end))
    start = end + 1
  }
  return lines
}
