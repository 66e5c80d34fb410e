export { PAGE_PREFIX, whyPages } from './mount-pages.ts'
