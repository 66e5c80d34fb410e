/** How a command's data looks to people; colours and widths are the printer's. */
export type View =
  | { readonly is: 'fields'; readonly fields: readonly (readonly [string, unknown])[] }
  | {
      readonly is: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly unknown[])[]
      readonly none: string
      /** The last column is cut to the width of a terminal: it is there to be read, not to be copied. */
      readonly isLastCut: boolean
    }
  | { readonly is: 'lines'; readonly lines: readonly string[] }
  | { readonly is: 'parts'; readonly parts: readonly View[] }

/** A cell with parts that stand out at a terminal, and nowhere else. */
export interface MarkedCell {
  readonly marked: string
  /** Half-open ranges of UTF-16 units, in order, that do not overlap. */
  readonly ranges: readonly (readonly [number, number])[]
}

export const isMarked = (value: unknown): value is MarkedCell =>
  typeof value === 'object' && value !== null && 'marked' in value && 'ranges' in value

/** Every field of an object, one a line. */
export function fieldsOf(data: object): View {
  return { is: 'fields', fields: Object.entries(data) }
}

export function tableOf(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  none: string,
  { isLastCut = false }: { readonly isLastCut?: boolean } = {},
): View {
  return { is: 'table', columns, rows, none, isLastCut }
}

export function linesOf(...lines: readonly string[]): View {
  return { is: 'lines', lines }
}

export function partsOf(...parts: readonly View[]): View {
  return { is: 'parts', parts }
}
