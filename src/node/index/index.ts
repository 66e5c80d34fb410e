export {
  type Document,
  documentKeyOf,
  type Highlight,
  type Hit,
  type IndexStats,
  type Ranked,
  type SearchQuery,
} from './document.ts'
export { compileFilter, type Filterable, type SearchFilter } from './filter.ts'
export { highlightsOf } from './highlight.ts'
export { mergeInWorker } from './merge-in-worker.ts'
export { IS_WORDS, type IsWord, MAX_FILTER_VALUES, type ParsedQuery, parseSearchText } from './query-language.ts'
export { openSearchIndex, type SearchIndex, type SearchIndexOptions } from './search-index.ts'
export type { SearchBatchOperation, SearchStore } from './search-store.ts'
export { popularityPointsOf } from './signals.ts'
export { queryTokensOf, squashedOf } from './tokenise.ts'
