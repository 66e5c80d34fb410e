export const LEAF_BYTES = 1 << 20
/** Sizes compared one by one, bytes, and how often each is fetched a round. */
export const SINGLES = [
  { name: '10 kB', bytes: 10_000, times: 20 },
  { name: '100 kB', bytes: 100_000, times: 10 },
  { name: '1 MB', bytes: 1_000_000, times: 5 },
  { name: '10 MB', bytes: 10_000_000, times: 3 },
  { name: '50 MB', bytes: 50_000_000, times: 1 },
] as const
/** Small packages: one after the other, then all at once. */
export const SMALL = { bytes: 20_000, count: 500 } as const
/** All artifacts of the benchmark in the order of their numbers, bytes. */
export const ALL_SIZES: readonly number[] = [
  ...SINGLES.map(({ bytes }) => bytes),
  ...Array<number>(SMALL.count).fill(SMALL.bytes),
]
