/** Four bytes ask, the artifact's bytes answer: what the stack below the content protocol can do. */
export const RAW_PROTOCOL = '/hanse/bench/raw/1'
/** The content protocol over blocks in memory. */
export const MEMORY_PROTOCOL = '/hanse/bench/content/1'
/** The content protocol over the artifact store. */
export const DISK_PROTOCOL = '/hanse/bench-disk/content/1'
