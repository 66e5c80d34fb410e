export { likenessOf } from './likeness.ts'
export { MAX_TRUSTED_NAMES } from './limits.ts'
export { TrustedNames } from './trusted-names.ts'
