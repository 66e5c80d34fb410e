/** Longest frame after its length field, bytes: one 1 MiB block and 64 kB for its envelope (specification section 10.2). */
export const MAX_FRAME_BYTES = (1 << 20) + 64_000
/** Longest payload of a frame, bytes: the frame without type and request id. */
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - 5
/** Longest request payload, bytes: requests are small, so that 64 of them held for a stranger stay under 4 MiB. */
export const MAX_REQUEST_BYTES = 64 << 10
/** Longest HELLO, bytes. */
export const MAX_HELLO_BYTES = 1024
/** Version of the framing that this node speaks. */
export const WIRE_VERSION = 1

/** Most credit of one request, and of all requests of one stream together, bytes. */
export const MAX_CREDIT_BYTES = 4 << 20
/** Credit of a request that asks for nothing else, bytes: 1 MiB and an envelope, so that any single message fits. */
export const DEFAULT_CREDIT_BYTES = MAX_FRAME_BYTES
/** Least credit of a request, bytes: 64 requests of it fill a stream. */
export const MIN_CREDIT_BYTES = 64 << 10
/** Least that one DATA frame takes of the credit, bytes: an object in a queue costs memory, however few its bytes. */
export const MIN_DATA_COST_BYTES = 256
/** Most requests open at once on one stream. */
export const MAX_OPEN_REQUESTS = 64

/** Most block ids in one content request. */
export const MAX_CONTENT_CIDS = 256
/** Most leaves of an artifact: the width of one root (specification section 12.3), so at most 1 GiB. */
export const MAX_CONTENT_LEAVES = 1024
/** Longest search query, UTF-16 units. */
export const MAX_QUERY_LENGTH = 256
/** Most hits asked for in one search. */
export const MAX_SEARCH_HITS = 100
/** Longest deadline of a search, ms. */
export const MAX_SEARCH_MS = 5000
/** Most publishers that an answer to a search names as held, and characters of each tag. */
export const MAX_HELD_TAGS = 256
export const HELD_TAG_LENGTH = 12
/** Most envelopes that prove one hit: genesis, rotates, delegate, release. */
export const MAX_HIT_ENVELOPES = 16

/** Most node records in one answer: 64 of 4 KiB fit the least credit but for their frame. */
export const MAX_ASKED_NODES = 64
/** Most publishers whose mirrors one request asks for. */
export const MAX_ASKED_MIRRORS = 16

/** Most addresses at which one request asks to be dialled. */
export const MAX_DIALLED_ADDRESSES = 4

/** Items and entries of all arrays and maps of one message: three times those of the largest, 512 heads of 4. */
export const MAX_MESSAGE_ITEMS = 8_192
