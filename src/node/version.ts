/** The version of this program; a test compares it with package.json. */
export const HANSE_VERSION = '0.1.0'
