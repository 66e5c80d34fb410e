/** Bytes of one JSON answer of a node; search and lists stay far below. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Bytes of run.json: a URL, a token and a few ids. */
export const MAX_RUN_FILE_BYTES = 64 * 1024
/** Bytes of one `verify` line; hex of a 1 MiB value fits, and memory stays bounded on endless lines. */
export const MAX_VERIFY_LINE_BYTES = 4 * 1024 * 1024
/** How long a node may take to send the first byte of an answer, in ms; an install may fetch from far away. */
export const ANSWER_TIMEOUT_MS = 600_000
/** How long a child of the demo may take until it is ready, in ms. */
export const DEMO_READY_MS = 60_000
/** How long one step of the demo may take, in ms. */
export const DEMO_STEP_MS = 60_000
/** Bytes of a policy or lock file that is read: ten times the largest in use. */
export const MAX_READ_FILE_BYTES = 32 * 1024 * 1024
