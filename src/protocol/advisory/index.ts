export * from './advisory.ts'
export * from './affected-versions.ts'
export { MAX_ADVISORY_ID_CHARS, MAX_OSV_BYTES } from './limits.ts'
export { type OsvResult, parseOsvDocument } from './osv-document.ts'
