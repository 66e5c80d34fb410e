export { Advisories } from './advisories.ts'
export type { HeldAdvisory, PackageAdvisory } from './advisory-table.ts'
export { IMPORT_SLICE, MAX_IMPORT_BYTES, MAX_REASONS } from './limits.ts'
