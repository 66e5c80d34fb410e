import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { MAX_VERIFY_LINE_BYTES } from '../../src/cli/limits.ts'
import { judgeLines } from '../../src/cli/verify-lines.ts'

async function verdicts(chunks: readonly string[]): Promise<unknown[]> {
  const output = new PassThrough()
  const written = text(output)
  await judgeLines(
    Readable.from(
      chunks.map(chunk => Buffer.from(chunk)),
      { objectMode: true },
    ),
    output,
    line => ({ ok: line.n === 1 }),
  )
  output.end()
  return (await written)
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
}

test('a line may come in pieces and the last one needs no end', async () => {
  expect(await verdicts(['{"n', '":1}\n{"n":', '2}\r\n', '{"n":1}'])).toEqual([
    { ok: true },
    { ok: false },
    { ok: true },
  ])
})

test('an over-long line costs bounded memory and one verdict', async () => {
  const piece = 'x'.repeat(1024 * 1024)
  const long = Array.from({ length: MAX_VERIFY_LINE_BYTES / piece.length + 1 }, () => piece)
  expect(await verdicts([...long, '\n{"n":1}\n'])).toEqual([{ ok: false, code: 'E_TOO_LARGE' }, { ok: true }])
})
