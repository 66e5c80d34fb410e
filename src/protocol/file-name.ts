import { MAX_FILE_NAME_BYTES } from './limits.ts'

/** Letters, digits and a few marks; no name is hidden, an option of a program, or cut by a shell. */
const PLAIN = /^[A-Za-z0-9_@+!~][A-Za-z0-9._@+!~-]*$/
/** Names that Windows gives to devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i

/** Whether a file can be written under this name on every system; one published otherwise could be installed by nobody. */
export function isPlainFileName(name: string): boolean {
  return PLAIN.test(name) && name.length <= MAX_FILE_NAME_BYTES && !name.endsWith('.') && !DEVICE.test(name)
}
