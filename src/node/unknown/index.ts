export * from './follow-everything.ts'
export * from './publisher-lists.ts'
export * from './unknown-book.ts'
