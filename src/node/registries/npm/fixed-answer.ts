import { jsonAnswer, type NpmAnswer, refusalAnswer } from './npm-answer.ts'
import type { NpmOperation } from './npm-operation.ts'

/** The answers that depend on nothing but the question. */
export function fixedAnswerOf(operation: NpmOperation): NpmAnswer {
  switch (operation.is) {
    case 'ping':
      return jsonAnswer({})
    case 'keys':
      return jsonAnswer({ keys: [] })
    case 'unpublish':
      return refusalAnswer(unpublishRefusalOf(operation.name), 405)
    case 'web-login':
      // npm then asks for name and password.
      return refusalAnswer({ code: 'E_NOT_FOUND', message: 'this node has no login by browser' }, 404)
    case 'malformed':
      return refusalAnswer({ code: 'E_PURL', message: operation.why }, 400)
    default:
      return refusalAnswer({ code: 'E_NOT_FOUND', message: 'npm’s registry protocol has nothing there' }, 404)
  }
}

const unpublishRefusalOf = (name: string) => ({
  code: 'E_USAGE',
  message: `a release is signed and stays: nothing unpublishes npm:${name}`,
  hint: `warn those who install it: npm deprecate ${name}@VERSION REASON`,
})
