import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { CliError, errorReportOf } from './errors.ts'
import { MAX_VERIFY_LINE_BYTES } from './limits.ts'

export interface Verdict {
  readonly ok: boolean
  readonly code?: string
}

/** Judges one parsed line; what it throws becomes the code of a refusal. */
export type Judge = (line: Readonly<Record<string, unknown>>) => Verdict | Promise<Verdict>

/** Reads JSON lines and writes one verdict a line, in order, holding one line at a time. */
export async function judgeLines(input: Readable, output: Writable, judge: Judge): Promise<void> {
  for await (const line of linesIn(input)) {
    const verdict = line === null ? { ok: false, code: 'E_TOO_LARGE' } : await judgeLine(line, judge)
    if (!output.write(`${JSON.stringify(verdict)}\n`)) await once(output, 'drain')
  }
}

/** Only `ok` and `code` of a richer answer. */
export function verdictOf({ ok, code }: { readonly ok: boolean; readonly code?: string | undefined }): Verdict {
  return code === undefined ? { ok } : { ok, code }
}

async function judgeLine(text: string, judge: Judge): Promise<Verdict> {
  try {
    return await judge(parseLine(text))
  } catch (error) {
    return { ok: false, code: errorReportOf(error).code }
  }
}

function parseLine(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CliError('E_USAGE', 'not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CliError('E_USAGE', 'not an object')
  return value as Record<string, unknown>
}

/** Lines without their end; null stands for one longer than the limit, empty lines are skipped. */
async function* linesIn(input: Readable): AsyncGenerator<string | null> {
  let parts: Buffer[] = []
  let size = 0
  const take = () => {
    const line = size > MAX_VERIFY_LINE_BYTES ? null : Buffer.concat(parts).toString('utf8')
    parts = []
    size = 0
    return line
  }
  const keep = (piece: Buffer) => {
    size += piece.byteLength
    if (size <= MAX_VERIFY_LINE_BYTES) parts.push(piece)
    else parts = []
  }
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end))
      from = end + 1
      const line = take()
      if (line === null || line.trim() !== '') yield line
    }
    keep(chunk.subarray(from))
  }
  const last = take()
  if (last === null || last.trim() !== '') yield last
}
