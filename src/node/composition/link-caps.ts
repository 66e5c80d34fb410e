import { type KeptStreamsPorts, SharedRate, systemClock } from '../../federation/index.ts'
import { parseByteSize } from '../cache/index.ts'
import type { Config } from '../config/index.ts'

/** What the operator lets all peers together have of the link; the protocols in `bulk` wait for all others. */
export function linkOf(
  { upBytesPerSecond, downBytesPerSecond }: Config['network'],
  bulk: readonly string[],
): Pick<KeptStreamsPorts, 'uplink' | 'downlink'> {
  const rateOf = (setting: string) => {
    const bytesPerSecond = parseByteSize(setting)
    if (bytesPerSecond === null) return null
    return new SharedRate({ bytesPerSecond, isBulk: protocol => bulk.includes(protocol), clock: systemClock })
  }
  const uplink = rateOf(upBytesPerSecond)
  const downlink = rateOf(downBytesPerSecond)
  return { ...(uplink === null ? {} : { uplink }), ...(downlink === null ? {} : { downlink }) }
}
