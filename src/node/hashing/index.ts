export * from './hash-thread.ts'
