export { InstallJournal } from './install-journal.ts'
export type { Install } from './install-line.ts'
