/** How long the journal says who was served what, ms. */
export const JOURNAL_MS = 7 * 24 * 60 * 60_000
/** Lines of the journal: a hundred askers with 2,000 packages each; then the oldest lines go. */
export const MAX_JOURNAL_LINES = 200_000
/** Versions known as once installed, about 10 MB of memory; then the first installed are forgotten, whose age no rule holds any more. */
export const MAX_INSTALLED = 100_000
/** How long lines wait for one write, ms: what a crash loses. */
export const WRITE_AFTER_MS = 1_000
/** Lines that may wait while the disk does not take them; more are dropped. */
export const MAX_WAITING_LINES = 20_000
/** Lines of today known to be written, so that they are not written again. */
export const MAX_KNOWN_LINES = 20_000
/** Packages whose installs are counted, about 25 MB of memory when all of them are installed. */
export const MAX_COUNTED_PACKAGES = 100_000
