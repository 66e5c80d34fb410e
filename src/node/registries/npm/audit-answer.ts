import type { Readable } from 'node:stream'
import { NodeError } from '../../errors.ts'
import type { NodeContext } from '../../node-context.ts'
import { answerBulkAdvisories } from './advisories-bulk.ts'
import { answerTreeAudit } from './audit-tree.ts'
import type { NpmAnswer } from './npm-answer.ts'

/** What is asked, and how the body is encoded. */
export interface AuditRequest {
  readonly body: unknown
  readonly headers: { readonly 'content-encoding'?: string | undefined }
}

/** Answers `npm audit` (`advisories`) and the audits of older clients (`quick-audit`) from the advisories held here. */
export async function answerAudit(
  is: 'advisories' | 'quick-audit',
  { advisories }: Pick<NodeContext, 'advisories'>,
  { body, headers }: AuditRequest,
): Promise<NpmAnswer> {
  if (body === undefined || body === null) throw new NodeError('E_USAGE', 'the request has no body')
  const answer = is === 'advisories' ? answerBulkAdvisories : answerTreeAudit
  return await answer(advisories, body as Readable, headers['content-encoding'])
}
