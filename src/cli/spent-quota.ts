/** The quota that an unknown publisher spent; `until` is ISO 8601, null: for good. */
export interface SpentQuota {
  readonly setting: string
  readonly until: string | null
}

/** `quota spent until 2026-…Z (follow.recordsPerDay)`. */
export const spentText = ({ setting, until }: SpentQuota): string =>
  `quota spent ${until === null ? 'for good' : `until ${until}`} (${setting})`

/** The same with what it means and what ends it. */
export const spentLine = (spent: SpentQuota, id: string): string =>
  `${spentText(spent)}: what it published since is not here; hanse follow ${id} takes all of it`
