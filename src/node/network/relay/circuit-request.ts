import type { Stream } from '@libp2p/interface'
import { MAX_CIRCUIT_REQUEST_BYTES } from './limits.ts'

/** A stream of libp2p as its muxer sees it. */
interface Fed {
  onData(data: { readonly byteLength: number }): void
}

/** Ends a stream that brings more than a request of a circuit has, until the answer is called: libp2p gathers 4 MiB of each. */
export function boundRequest(stream: Stream): () => void {
  const fed = stream as unknown as Fed
  const { onData } = fed
  let bytes = 0
  fed.onData = data => {
    bytes += data.byteLength
    if (bytes > MAX_CIRCUIT_REQUEST_BYTES) stream.abort(new Error('more came than a request has'))
    else onData.call(stream, data)
  }
  return () => {
    fed.onData = onData
  }
}
