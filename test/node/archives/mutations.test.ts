import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inspectArchive } from '../../../src/node/archives/index.ts'
import { packageJson, paxEntry, tarOf, wheelFiles, zipOf } from './archive-writers.ts'
import { chunked } from './inspection.ts'

const LONG = `package/${'n'.repeat(120)}`
const TAR = tarOf(packageJson(), paxEntry({ path: LONG }), { name: LONG.slice(0, 99), body: 'hello' })
const GZIP = gzipSync(TAR)
const ZIP = zipOf(wheelFiles([{ name: 'foo_bar/b.py', body: 'x', descriptor: true }]))

/** Some bytes overwritten, a piece cut out, a piece repeated. */
const mutation = fc.record({
  writes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
  cut: fc.option(fc.tuple(fc.nat(), fc.nat(600)), { nil: null }),
  again: fc.option(fc.tuple(fc.nat(), fc.nat(600)), { nil: null }),
  chunk: fc.integer({ min: 1, max: 2000 }),
})

function mutated(
  bytes: Buffer,
  { writes, cut, again }: { writes: [number, number][]; cut: [number, number] | null; again: [number, number] | null },
): Buffer {
  let out = Buffer.from(bytes)
  for (const [at, value] of writes) out[at % out.length] = value
  if (cut !== null)
    out = Buffer.concat([out.subarray(0, cut[0] % out.length), out.subarray((cut[0] % out.length) + cut[1])])
  if (again !== null && out.length > 0) {
    const at = again[0] % out.length
    out = Buffer.concat([out.subarray(0, at + again[1]), out.subarray(at)])
  }
  return out
}

describe('an altered archive', () => {
  it.each([
    ['gzip', (bytes: Buffer) => bytes, GZIP, 'npm'],
    ['tar', (bytes: Buffer) => gzipSync(bytes, { level: 1 }), TAR, 'npm'],
    ['zip', (bytes: Buffer) => bytes, ZIP, 'wheel'],
  ] as const)('always gets an answer (%s)', async (_what, wrap, original, kind) => {
    await fc.assert(
      fc.asyncProperty(mutation, async change => {
        const inspection = await inspectArchive(chunked(wrap(mutated(original, change)), change.chunk), kind)
        expect(inspection.ok || inspection.code.startsWith('E_ARCHIVE_')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('gets the same answer however its bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(mutation, async change => {
        const bytes = mutated(ZIP, change)
        const whole = await inspectArchive(chunked(bytes, bytes.length || 1), 'wheel')
        expect(await inspectArchive(chunked(bytes, change.chunk), 'wheel')).toEqual(whole)
      }),
      { numRuns: 200 },
    )
  })
})
