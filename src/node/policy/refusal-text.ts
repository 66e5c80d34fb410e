import type { Verdict } from '../../protocol/index.ts'

/** Characters of one reason, which a publisher may have written. */
const MAX_REASON_CHARS = 300

/** A verdict in one line: held until when, or denied, and the first rule's words. */
export function refusalTextOf({ decision, until, reasons: [reason] }: Verdict): string {
  const what = decision === 'hold' ? `is held ${untilTextOf(until ?? null)}` : 'is denied'
  return reason === undefined ? what : `${what} (${reason.rule}): ${reason.message.slice(0, MAX_REASON_CHARS)}`
}

/** When something ends by itself, ms since 1970. */
const untilTextOf = (until: number | null): string =>
  until === null ? 'until somebody decides' : `until ${new Date(until).toISOString()}`
