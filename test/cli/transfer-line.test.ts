import { expect, test } from 'vitest'
import { TransferLine } from '../../src/cli/transfer-line.ts'

const told = { asked: [], fileName: 'chart.bin', size: 10_000_000, kept: 0, forMs: 0, mirrors: [] as unknown[] }

test('a line tells bytes of the whole, the rate of the last seconds, and from how many peers', () => {
  const line = new TransferLine()
  expect(line.told({ ...told, bytes: 0 })).toBe('chart.bin  0 B of 10 MB  0 %  asking peers')
  expect(line.told({ ...told, bytes: 500_000, forMs: 500, mirrors: [{}] })).toBe(
    'chart.bin  500 kB of 10 MB  5 %  1.0 MB/s  from 1 peer',
  )
  expect(line.told({ ...told, bytes: 1_000_000, forMs: 1_000, mirrors: [{}, {}] })).toContain('1.0 MB/s  from 2 peers')
  // Four seconds without a byte: what came before them counts no more.
  for (let forMs = 1_200; forMs <= 4_000; forMs += 200) line.told({ ...told, bytes: 1_000_000, forMs })
  expect(line.told({ ...told, bytes: 1_000_000, forMs: 4_200 })).toContain('  0 B/s  ')
})

test('what an earlier fetch left is no speed, and bytes that were thrown away are none below zero', () => {
  const line = new TransferLine()
  expect(line.told({ ...told, kept: 6_000_000, bytes: 6_000_000, forMs: 400 })).toContain('60 %  0 B/s')
  expect(line.told({ ...told, kept: 6_000_000, bytes: 7_000_000, forMs: 1_000 })).toContain('70 %  1.0 MB/s')
  expect(line.told({ ...told, kept: 6_000_000, bytes: 5_000_000, forMs: 1_200 })).toContain('50 %  0 B/s')
})

test('a fetch that begins anew is measured anew', () => {
  const line = new TransferLine()
  line.told({ ...told, bytes: 9_000_000, forMs: 2_000 })
  expect(line.told({ ...told, bytes: 100_000, forMs: 100 })).toContain('1 %  1.0 MB/s')
})

test('an empty file has no share', () => {
  expect(new TransferLine().told({ ...told, size: 0, bytes: 0 })).toBe('chart.bin  0 B of 0 B  asking peers')
})
