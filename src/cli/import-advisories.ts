import { Readable } from 'node:stream'
import type { ApiClient } from './api-client.ts'
import { CliError } from './errors.ts'
import { type OsvFile, osvFilesOf } from './osv-documents.ts'

/** Bytes of documents sent in one request; one larger than that goes alone. */
const BATCH_BYTES = 1024 * 1024

/** What a node did with the documents. */
export interface AdvisoryImport {
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly withdrawn: number
  readonly skipped: number
  readonly reasons: readonly { readonly why: string; readonly count: number }[]
}

/** Sends every OSV document of a path to the node, in requests of bounded size; what went wrong with single ones is counted. */
export async function importAdvisories(
  node: ApiClient,
  path: string,
  progress: (line: string) => void,
): Promise<AdvisoryImport> {
  const sums = { added: 0, changed: 0, unchanged: 0, withdrawn: 0 }
  const skipped = new Map<string, number>()
  const skip = (why: string, count = 1) => skipped.set(why, (skipped.get(why) ?? 0) + count)
  let sent = 0
  for await (const batch of batchesOf(path, skip)) {
    const size = batch.reduce((sum, { length }) => sum + length, 0)
    const upload = { stream: Readable.from(batch), size }
    const report = await node.call<AdvisoryImport>('POST', '/api/advisories', { upload })
    for (const name of ['added', 'changed', 'unchanged', 'withdrawn'] as const) sums[name] += report[name]
    for (const { why, count } of report.reasons) skip(why, count)
    sent += batch.length
    progress(`${sent} documents sent`)
  }
  if (sent === 0 && skipped.size === 0) {
    throw new CliError('E_NOT_FOUND', `${path} has no .json file`, {
      hint: 'OSV documents: one file, a folder of them, or a zip archive',
    })
  }
  const reasons = [...skipped].map(([why, count]) => ({ why, count })).sort((a, b) => b.count - a.count)
  return { ...sums, skipped: reasons.reduce((sum, { count }) => sum + count, 0), reasons }
}

/** Documents as lines, in batches. */
async function* batchesOf(path: string, skip: (why: string) => void): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = []
  let bytes = 0
  for await (const file of osvFilesOf(path)) {
    for (const line of linesOf(file, skip)) {
      if (batch.length > 0 && bytes + line.length > BATCH_BYTES) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push(line)
      bytes += line.length
    }
  }
  if (batch.length > 0) yield batch
}

/** A file is one document or a list of them. */
function* linesOf(file: OsvFile, skip: (why: string) => void): Generator<Buffer> {
  if ('why' in file) return skip(file.why)
  let parsed: unknown
  try {
    parsed = JSON.parse(file.bytes.toString('utf8'))
  } catch {
    return skip('not JSON')
  }
  for (const document of Array.isArray(parsed) ? parsed : [parsed]) {
    const line = Buffer.from(`${JSON.stringify(document)}\n`)
    if (line.length > BATCH_BYTES) skip(`a document of more than ${BATCH_BYTES} bytes`)
    else yield line
  }
}
