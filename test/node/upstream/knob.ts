/** How the registry misbehaves for one path. */
export type Knob =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Behaves. */
  | { readonly kind: 'none' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'drop' }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Answers when the promise is done. */
  | { readonly kind: 'wait'; readonly until: Promise<unknown> }
  /** Sends so many bytes, and the rest when the promise is done. */
  | { readonly kind: 'pause'; readonly after: number; readonly until: Promise<unknown> }
  /** Cuts the connection after so many bytes of those it said it has. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Ends properly after so many bytes, having said no length. */
  | { readonly kind: 'short'; readonly after: number }
  /** Flips a bit of the byte at this place. */
  | { readonly kind: 'alter'; readonly at: number }
  /** Sends something else. */
  | { readonly kind: 'replace'; readonly bytes: Uint8Array; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
