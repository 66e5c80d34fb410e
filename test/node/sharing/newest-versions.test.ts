import { expect, test } from 'vitest'
import { MAX_MADE_VERSIONS } from '../../../src/node/sharing/limits.ts'
import { newestVersionsOf } from '../../../src/node/sharing/newest-versions.ts'
import type { StatedVersions } from '../../../src/node/sharing/origin-statements.ts'

/** What somebody states, and how often it was read. */
class Counted extends Map<string, never[]> {
  reads = 0
  override keys(): MapIterator<string> {
    this.reads++
    return super.keys()
  }
}
const counted = (...versions: readonly string[]): Counted => new Counted(versions.map(version => [version, []]))

test('newest first, each once, whatever is no version left out', () => {
  const stated: StatedVersions[] = [counted('1.0.0', '10.0.0-rc.1', 'latest', '__proto__'), counted('1.0.0', '9.0.0')]
  expect(newestVersionsOf(stated)).toEqual(['10.0.0-rc.1', '9.0.0', '1.0.0'])
})

test('a flood of versions is read once, and leaves the newest', () => {
  const flood = counted(...Array.from({ length: MAX_MADE_VERSIONS * 8 }, (_, at) => `1.0.${at}`))
  const first = newestVersionsOf([flood])
  expect(first).toHaveLength(MAX_MADE_VERSIONS)
  expect(first[0]).toBe(`1.0.${MAX_MADE_VERSIONS * 8 - 1}`)
  expect(newestVersionsOf([flood, counted('2.0.0')])[0]).toBe('2.0.0')
  expect(flood.reads).toBe(1)
})
