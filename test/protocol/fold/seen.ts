import type { PublisherCatalogue } from '../../../src/protocol/index.ts'

/** All that a catalogue says, read out: packages by name, releases and tags in the order in which they are given. */
export const seen = (catalogue: PublisherCatalogue | null) => ({
  ...catalogue,
  packages: [...(catalogue?.packages ?? [])]
    .sort(([one], [two]) => (one < two ? -1 : 1))
    .map(([name, state]) => [name, { ...state, releases: [...state.releases], tags: [...state.tags] }]),
})

/** Releases whose packages' states a fold keeps: none or one has nearly all computed anew from what records say. */
export const KEPT_RELEASES = [0, 1, 3, undefined]
