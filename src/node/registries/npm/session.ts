import type { Readable } from 'node:stream'
import { z } from 'zod'
import { NodeError } from '../../errors.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'
import { readJsonBody } from './read-json-body.ts'

/** A login is a name and a password. */
const MAX_LOGIN_BYTES = 16 * 1024
const loginDocument = z.looseObject({ name: z.string().max(64), password: z.string().max(1_024) })

/** npm's legacy login: the password is a token of this node, and comes back as the client's own token. */
export async function login(body: Readable, user: string, isToken: (text: string) => boolean): Promise<NpmAnswer> {
  const parsed = loginDocument.safeParse(await readJsonBody(body, MAX_LOGIN_BYTES))
  if (!parsed.success) throw new NodeError('E_USAGE', 'a login needs name and password')
  const { name, password } = parsed.data
  if (name !== user) throw new NodeError('E_USAGE', 'the name in the body is not that of the path')
  if (!isToken(password)) {
    throw new NodeError('E_UNAUTHORISED', 'the password is no token of this node', {
      hint: 'any user name, and as password the token in run.json of the node’s home',
    })
  }
  return jsonAnswer({ ok: true, id: `org.couchdb.user:${user}`, token: password }, 201)
}
