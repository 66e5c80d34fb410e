import { defineConfig } from 'vitest/config'

/** What is waited for comes; how soon is the machine's business. */
const expect = { poll: { timeout: 30_000 } }

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2, expect },
})
