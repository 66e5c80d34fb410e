/** The other contenders by exact versions, OrbitDB with the Helia it is tested with; installed when a run wants them. */
export const PEER_PACKAGES = {
  hypercore: '11.30.1',
  '@orbitdb/core': '4.0.0',
  helia: '6.0.22',
  '@helia/block-brokers': '5.2.4',
  '@libp2p/gossipsub': '15.0.16',
  'blockstore-level': '3.0.2',
} as const
