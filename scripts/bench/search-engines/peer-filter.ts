import type { CorpusPackage } from './contender.ts'
import type { QueryFilter } from './query-file.ts'

type Filtered = Pick<CorpusPackage, 'publisher' | 'license' | 'type' | 'keywords'>

/** The filter as a test, for engines that filter by a function or not at all. */
export function fitsFilter({ publisher, license, type, keyword }: QueryFilter): (row: Filtered) => boolean {
  return row =>
    (publisher === undefined || row.publisher === publisher) &&
    (license === undefined || row.license === license) &&
    (type === undefined || row.type === type) &&
    (keyword === undefined || row.keywords.includes(keyword))
}
