export { LookAlikes } from './look-alikes.ts'
export { type NameLists, nameListsOf, readNameLists } from './name-lists.ts'
