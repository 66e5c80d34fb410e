/** Bytes behind the first `count`, after `whole`, the same bytes, came to its end: who wants a part never hears of a wrong end. */
export async function* behind(
  whole: AsyncIterable<Uint8Array>,
  bytes: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    for await (const _ of whole);
    yield* skipping(bytes, count)
  } finally {
    await bytes[Symbol.asyncIterator]().return?.()
  }
}

async function* skipping(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, undefined> {
  let left = count
  for await (const chunk of bytes) {
    const skipped = Math.min(left, chunk.length)
    left -= skipped
    if (skipped < chunk.length) yield chunk.subarray(skipped)
  }
}
