/** A markdown table whose columns line up: the first to the left, the others to the right. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(3, ...[title, ...rows.map(row => row[at] ?? '')].map(widthOf)))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(aligned(head, widths)), line(rule), ...rows.map(row => line(aligned(row, widths)))].join('\n')
}

const widthOf = (text: string): number => [...text].length

const aligned = (cells: readonly string[], widths: readonly number[]): string[] =>
  widths.map((width, at) => (at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width)))
