import type { Piece } from './corpus.ts'

/** One way to get an artifact from the serving process. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  /** Resolves when all bytes of it are here. */
  fetch(piece: Piece): Promise<void>
  /** As many at once as the wire carries. */
  fetchAll(pieces: readonly Piece[]): Promise<void>
  /** Forgets what was fetched, unmeasured. */
  forget?(pieces: readonly Piece[]): Promise<void>
}
