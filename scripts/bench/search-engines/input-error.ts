/** What the caller gave cannot be used: bad flags, a bad corpus or a bad file of queries. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
