export * from './errors.ts'
export * from './limits.ts'
export * from './npm/npm-upstream.ts'
export * from './settings.ts'
