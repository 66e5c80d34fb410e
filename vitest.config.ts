import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What is waited for comes; how soon is the machine's business. */
const expect = { poll: { timeout: 30_000 } }
/** What takes longest begins first, so that no worker is left alone with it at the end. */
const LONG = [/\/federation\/simulation\//, /\/e2e\//]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => [...LONG, /^/].findIndex(path => path.test(moduleId))
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

/**
 * Test files share a worker: to load the same modules anew for each of 390 files was a third of the suite. So a file leaves nothing behind;
 * spies are taken away by `restoreMocks`. Three workers on two cores, as many files wait for processes.
 */
export default defineConfig({
  test: {
    ...{ testTimeout: 60_000, hookTimeout: 60_000, isolate: false, restoreMocks: true, maxWorkers: 3, expect },
    setupFiles: 'test/setup.ts',
    sequence: { sequencer: LongestFirst },
  },
})
