import { destination, type Logger, pino } from 'pino'

/** Faults of this node as JSON lines on stderr; stdout belongs to the command line. */
export function createLog(): Logger {
  return pino({ name: 'hanse', base: null }, destination({ fd: 2, sync: true }))
}
