import { type Command, type CommandGroup, type Input, listOf, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'

interface TokenLine {
  readonly name: string
  readonly scope: string
  /** null: every name. */
  readonly names: readonly string[] | null
  readonly created: string
  /** ISO 8601; null: never. */
  readonly expires: string | null
  /** A day; null: not yet. */
  readonly lastUsed: string | null
  readonly state: string
}

interface NewTokenLine extends Omit<TokenLine, 'state'> {
  readonly token: string
}

const list: Command = {
  name: 'list',
  summary: 'list the tokens of the node; their texts are kept nowhere',
  examples: ['hanse token list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly TokenLine[]>('GET', '/api/tokens') }
  },
  view: (tokens: readonly TokenLine[]) =>
    tableOf(
      ['NAME', 'SCOPE', 'NAMES', 'EXPIRES', 'LAST USED', 'STATE'],
      tokens.map(({ name, scope, names, expires, lastUsed, state }) => [
        ...[name, scope, scope === 'publish' ? (names ?? 'every') : '-'],
        ...[expires ?? 'never', lastUsed ?? 'never', state],
      ]),
      'no tokens; hanse token create --name NAME --scope read|publish|admin',
    ),
}

const create: Command = {
  name: 'create',
  summary: 'make a token for a person or a pipeline; it is shown once',
  examples: [
    "hanse token create --name ci --scope publish --names 'npm:@acme/*' --expires 90d",
    'hanse token create --name office --scope read',
  ],
  options: [
    { flags: '--name <name>', text: 'what lists and logs call it' },
    { flags: '--scope <scope>', text: 'read; publish, which reads too; admin', choices: ['read', 'publish', 'admin'] },
    { flags: '--names <pattern>', text: "what a publish token may publish, 'npm:@acme/*'; repeatable", repeat: true },
    { flags: '--expires <time>', text: 'how long it lives: 12h, 90d, 8w, 1y; without it, until it is revoked' },
  ],
  async run(input, context) {
    const body = {
      name: requireOption(input, 'name'),
      scope: requireOption(input, 'scope'),
      names: listOf(input, 'names'),
      expires: textOf(input, 'expires'),
    }
    const node = await context.node()
    return { data: await node.call<NewTokenLine>('POST', '/api/tokens', { body }) }
  },
  view: createdView,
}

const revoke: Command = {
  name: 'revoke',
  summary: 'end a token at once and for good',
  examples: ['hanse token revoke ci'],
  args: [{ name: '<name>', text: 'its name in hanse token list' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call<TokenLine>('DELETE', `/api/tokens/${encodeURIComponent(args[0] ?? '')}`) }
  },
  view: ({ name }: TokenLine) => linesOf(`${name} is revoked`),
}

/** `hanse token list|create|revoke`. */
export const tokenGroup: CommandGroup = {
  name: 'token',
  summary: 'say who else may read, publish or administer this node',
  commands: [create, list, revoke],
}

function createdView({ token, name, scope, names, expires }: NewTokenLine): View {
  const may = scope === 'publish' ? `publish ${names?.join(' ') ?? 'every name'}, and read` : scope
  return partsOf(
    {
      is: 'fields',
      fields: [
        ['token', token],
        ['name', name],
        ['may', may],
        ['expires', expires ?? 'never'],
      ],
    },
    linesOf(
      'It is shown this once: keep it where secrets are kept, and use it as --token, HANSE_TOKEN or npm login’s password.',
    ),
  )
}

function requireOption(input: Input, name: 'name' | 'scope'): string {
  const value = textOf(input, name)
  if (value !== undefined) return value
  throw new CliError('E_USAGE', `--${name} is missing`, { hint: create.examples[0] ?? '' })
}
