export { MAX_NAME_PATTERNS } from './limits.ts'
export {
  type Asker,
  dayTextOf,
  includesScope,
  isSameDigest,
  SCOPES,
  type Scope,
  type Token,
  tokenDigestOf,
} from './token.ts'
export { type NewToken, TokenBook } from './token-book.ts'
export { lifeMsOf } from './token-life.ts'
