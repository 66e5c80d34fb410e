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
  /** `first`: the first such file, where a whole file was skipped. */
  readonly reasons: readonly { readonly why: string; readonly count: number; readonly first?: string }[]
}

/** Sends every OSV document of a path to the node, in requests of bounded size; what went wrong with single ones is counted. */
export async function importAdvisories(
  node: ApiClient,
  path: string,
  progress: (line: string) => void,
): Promise<AdvisoryImport> {
  const sums = { added: 0, changed: 0, unchanged: 0, withdrawn: 0 }
  const skipped = new Map<string, { readonly count: number; readonly first?: string }>()
  const skip = (why: string, count: number, file?: string) => {
    const { count: before, first = file } = skipped.get(why) ?? { count: 0 }
    skipped.set(why, { count: before + count, ...(first === undefined ? {} : { first }) })
  }
  let sent = 0
  for await (const batch of batchesOf(path, (why, file) => skip(why, 1, file))) {
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
  const reasons = [...skipped].map(([why, found]) => ({ why, ...found })).sort((a, b) => b.count - a.count)
  return { ...sums, skipped: reasons.reduce((sum, { count }) => sum + count, 0), reasons }
}

type SkipFile = (why: string, file: string) => void

/** Documents as lines, in batches. */
async function* batchesOf(path: string, skip: SkipFile): AsyncGenerator<Buffer[]> {
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
function* linesOf(file: OsvFile, skip: SkipFile): Generator<Buffer> {
  if ('why' in file) return skip(file.why, file.name)
  let parsed: unknown
  try {
    parsed = JSON.parse(file.bytes.toString('utf8'))
  } catch {
    return skip('not JSON', file.name)
  }
  for (const document of Array.isArray(parsed) ? parsed : [parsed]) {
    const line = Buffer.from(`${JSON.stringify(document)}\n`)
    if (line.length > BATCH_BYTES) skip(`a document of more than ${BATCH_BYTES} bytes`, file.name)
    else yield line
  }
}
