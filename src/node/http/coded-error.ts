import { z } from 'zod'
import { isDiskFull, MAKE_ROOM } from '../storage/index.ts'

/** What a client is told of an error. */
export interface CodedAnswer {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** The first thing wrong, on one line, with the name of the field. */
function faultOf({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined) return 'not a request'
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`
}

/** Errors of our own layers carry a closed code; all else is a fault of this node and is not shown. */
export function codedErrorOf(error: unknown): CodedAnswer {
  if (error instanceof z.ZodError) return { code: 'E_USAGE', message: faultOf(error) }
  const { code, message, hint, statusCode } = error as Partial<CodedAnswer> & { statusCode?: number }
  if (typeof code === 'string' && code.startsWith('E_')) {
    return { code, message: message ?? code, ...(hint ? { hint } : {}) }
  }
  if (isDiskFull(error)) {
    return {
      code: 'E_DISK_FULL',
      message: 'the disk is full: nothing was written',
      hint: MAKE_ROOM,
    }
  }
  if (statusCode === 415)
    return { code: 'E_UNSUPPORTED_MEDIA', message: 'send application/json or application/octet-stream' }
  if (statusCode === 413) return { code: 'E_TOO_LARGE', message: 'the request is larger than this node takes' }
  if (statusCode !== undefined && statusCode < 500) return { code: 'E_USAGE', message: message ?? 'not a request' }
  return { code: 'E_INTERNAL', message: 'the node failed to answer; its log has the cause' }
}
