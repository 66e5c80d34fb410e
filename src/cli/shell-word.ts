/** A text as one word of a command line that is to be pasted into a shell. */
export function shellWordOf(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
