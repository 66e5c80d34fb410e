/** From where an address can be reached: this machine alone, the same site, or anywhere. */
export type Reach = 'machine' | 'site' | 'world'

const REACHES: readonly Reach[] = ['machine', 'site', 'world']

/** Whether what reaches `from` is of use to somebody met over a connection of reach `peer`, and nothing it should not know. */
export const isWithin = (from: Reach, peer: Reach): boolean => REACHES.indexOf(from) >= REACHES.indexOf(peer)

/** The least of several; `world` of none. */
export const leastReach = (reaches: readonly Reach[]): Reach => REACHES.find(each => reaches.includes(each)) ?? 'world'
