export {
  type Document,
  documentKeyOf,
  type Highlight,
  type Hit,
  type IndexStats,
  type SearchQuery,
} from './document.ts'
export { openSearchIndex, type SearchIndex, type SearchIndexOptions } from './search-index.ts'
export type { SearchBatchOperation, SearchStore } from './search-store.ts'
