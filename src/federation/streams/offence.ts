/** What a peer did that no honest peer of this version does; each ends all streams with it. Closed list. */
export type OffenceCode =
  | 'frame-too-long'
  | 'frame-too-short'
  | 'frame-unknown'
  | 'frame-malformed'
  | 'hello-missing'
  | 'hello-malformed'
  | 'credit-exceeded'
  | 'credit-too-large'
  | 'request-unknown'
  | 'request-reused'
  | 'requests-too-many'
  | 'flood'
  // Reported by the protocols above.
  | 'block-altered'
  | 'message-malformed'
  | 'record-invalid'
