export { REMEMBERED_MS } from './limits.ts'
export { VerdictLog, type WithheldVersion } from './verdict-log.ts'
