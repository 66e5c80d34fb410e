import type { Readable } from 'node:stream'
import { z } from 'zod'
import { NodeError } from '../../errors.ts'
import { type Asker, dayTextOf, type Token } from '../../tokens/index.ts'
import { jsonAnswer, type NpmAnswer, refusalAnswer } from './npm-answer.ts'
import type { NpmOperation } from './npm-operation.ts'
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
    throw new NodeError('E_UNAUTHORISED', 'the password is no token of this node, or one that expired', {
      hint: 'any user name, and as password a token: hanse token create --name NAME --scope publish',
    })
  }
  return jsonAnswer({ ok: true, id: `org.couchdb.user:${user}`, token: password }, 201)
}

/** Who asks, and every token there is. */
interface TokenParts {
  readonly asker: () => Asker
  readonly tokens: () => readonly Token[]
}

/** The answer to what is about the token that asks; null for all else. */
export function tokenAnswerOf({ is }: NpmOperation, { asker, tokens }: TokenParts): NpmAnswer | null {
  switch (is) {
    case 'whoami':
      return whoami(asker())
    case 'profile':
      return profile(asker())
    case 'tokens':
      return tokenList(asker(), tokens())
    case 'logout':
      return logout()
    case 'new-token':
    case 'end-token':
      return madeElsewhere()
    default:
      return null
  }
}

/** `npm whoami`. */
const whoami = ({ name }: Asker): NpmAnswer => jsonAnswer({ username: name })

/** `npm profile get`: a token is all there is of a user. */
const profile = ({ name }: Asker): NpmAnswer =>
  jsonAnswer({ name, email: '', email_verified: false, tfa: null, fullname: '' })

/** `npm token list`: an admin sees every token, everyone else their own. */
function tokenList(asker: Asker, tokens: readonly Token[]): NpmAnswer {
  const seen = asker.scope === 'admin' ? tokens : tokens.filter(({ name }) => name === asker.name)
  const objects = seen.map(({ name, scope, sha256, createdAt, lastUsedDay }) => ({
    key: sha256,
    token: name,
    user: name,
    cidr_whitelist: null,
    readonly: scope === 'read',
    automation: true,
    created: new Date(createdAt).toISOString(),
    updated: lastUsedDay === null ? new Date(createdAt).toISOString() : `${dayTextOf(lastUsedDay)}T00:00:00.000Z`,
  }))
  return jsonAnswer({ objects, total: objects.length, urls: {} })
}

/** `npm logout`: the client forgets its token. Others may use the same one, so it stays good. */
const logout = (): NpmAnswer => jsonAnswer({ ok: true })

/** What npm's own accounts can do and tokens of a node cannot. */
const madeElsewhere = (): NpmAnswer =>
  refusalAnswer(
    { code: 'E_USAGE', message: 'tokens are made and ended at the node', hint: 'hanse token create|list|revoke' },
    405,
  )
