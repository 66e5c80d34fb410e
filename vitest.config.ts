import { configDefaults, defineConfig } from 'vitest/config'

/** What is waited for comes; how soon is the machine's business. */
const expect = { poll: { timeout: 30_000 } }
/** Rings without I/O of their own: their test files share a worker, which saves half a second of processor time each. */
const pure = ['test/protocol/**/*.test.ts', 'test/federation/**/*.test.ts']

export default defineConfig({
  test: {
    ...{ testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2, expect },
    projects: [
      { extends: true, test: { name: 'pure', include: pure, isolate: false } },
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...pure] },
      },
    ],
  },
})
