export * from './snapshot-joiner.ts'
export * from './snapshot-maker.ts'
export * from './snapshot-shelf.ts'
