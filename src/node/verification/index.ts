export * from './signature-workers.ts'
