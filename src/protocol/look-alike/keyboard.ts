/** Rows of the QWERTY keyboard; each begins about half a key further right than the one above. */
const ROWS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm']

const NEIGHBOURS: ReadonlySet<string> = new Set(
  ROWS.flatMap((row, y) =>
    [...row].flatMap((key, x) => {
      const below = ROWS[y + 1] ?? ''
      const near = [row[x + 1], below[x], x > 0 ? below[x - 1] : undefined].filter(other => other !== undefined)
      return near.flatMap(other => [`${key}${other}`, `${other}${key}`])
    }),
  ),
)

/** Whether two letters lie side by side on a QWERTY keyboard. */
export function areNeighbours(a: string, b: string): boolean {
  return NEIGHBOURS.has(`${a}${b}`)
}
