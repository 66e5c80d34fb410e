/** Bytes of config.yaml; ten thousand routes fit. */
export const MAX_CONFIG_BYTES = 1024 * 1024
/** Routes in one table; each name resolution walks it. */
export const MAX_ROUTES = 10_000
/** Addresses in one list; every one is dialled or listened on. */
export const MAX_ADDRESSES = 256
/** Proxies whose headers are believed; every request of one is looked up among them. */
export const MAX_TRUSTED_PROXIES = 64
/** Peer ids on the allow-list of a private network. */
export const MAX_ALLOWED_PEERS = 10_000
/** Relays in one list; two are used at a time. */
export const MAX_RELAYS = 16
