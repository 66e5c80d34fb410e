import { type Asker, isSameDigest, tokenDigestOf } from '../tokens/index.ts'

/** The token of one start, in `run.json` of the home: whoever can read that file is the node's own user. */
export class LocalToken {
  static readonly asker: Asker = { name: 'local', scope: 'admin', names: null }
  readonly #digest: string

  constructor(text: string) {
    this.#digest = tokenDigestOf(text)
  }

  is(text: string): boolean {
    return isSameDigest(tokenDigestOf(text), this.#digest)
  }
}
