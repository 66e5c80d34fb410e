import { CliError } from '../errors.ts'
import { jsonLike, withFirstMembers, withoutMember, withRange } from './jsonc-edits.ts'
import { containerAt, type JsoncContainer, type JsoncMember, jsoncString } from './jsonc-members.ts'

/** Says what is ours: a comment would make plain JSON unreadable to all but deno. */
const MARK = '// hanse use'
const GATE = 'minimumDependencyAge'
/** What the file said of the gate before: nothing, an age alone, an object without a list, or a list. */
const BEFORE = ['nothing', 'age', 'object', 'list'] as const

interface Mark {
  readonly before: (typeof BEFORE)[number]
  /** The items of the list that are ours. */
  readonly added: readonly string[]
}

/** The places in a `deno.json` that matter here. */
interface DenoFile {
  readonly root: JsoncContainer
  readonly mark: JsoncMember | undefined
  readonly gate: JsoncMember | undefined
  /** Of the gate's object. */
  readonly fields: JsoncContainer | null
  readonly exclude: JsoncMember | undefined
  /** Of the gate's `exclude`. */
  readonly list: JsoncContainer | null
}

/** Patterns that deno understands: its one star is the last character, and not the only one. */
export const denoPatterns = (patterns: readonly string[]): string[] =>
  patterns.filter(pattern => /^[^*]+\*?$/.test(pattern)).map(pattern => `npm:${pattern}`)

/**
 * The text of a `deno.json` or `deno.jsonc` whose age gate, which is on unless the file says otherwise, lets these names pass.
 * @throws CliError E_FILE where it cannot be read, or no list can be added
 */
export function denoWith(name: string, text: string, patterns: readonly string[]): string {
  const before = withoutDenoOurs(name, text)
  const file = read(name, before)
  const { root, gate, fields, exclude, list } = file
  const isThere = new Set((list?.members ?? []).map(({ start, end }) => jsoncString(before.slice(start, end))))
  const added = denoPatterns(patterns).filter(pattern => !isThere.has(pattern))
  if (added.length === 0 || isOff(before, file)) return before
  const markOf = (was: Mark['before']) => `"${MARK}": ${jsonLike(before, root, { before: was, added })}`
  const marked = (changed: string, was: Mark['before']) => withFirstMembers(changed, root, [markOf(was)])
  if (gate === undefined) {
    const own = `"${GATE}": ${jsonLike(before, root, { exclude: added })}`
    return withFirstMembers(before, root, [markOf('nothing'), own])
  }
  const items = added.map(item => JSON.stringify(item))
  const excludeOurs = `"exclude": [${items.join(', ')}]`
  if (list !== null) return marked(withFirstMembers(before, list, items), 'list')
  if (exclude !== undefined) throw cannotAdd(name, `${GATE}.exclude is no list`, added)
  if (fields !== null) return marked(withFirstMembers(before, fields, [excludeOurs]), 'object')
  const age = before.slice(gate.valueStart, gate.end)
  if (!/^["'\d]/.test(age)) throw cannotAdd(name, `${GATE} is neither an age nor an object`, added)
  return marked(withRange(before, gate.valueStart, gate.end, `{ "age": ${age}, ${excludeOurs} }`), 'age')
}

/** The text as it was before `hanse use`; what others have added since stays. @throws CliError E_FILE where its mark cannot be read */
export function withoutDenoOurs(name: string, text: string): string {
  if (!text.includes(MARK)) return text
  const mark = markIn(name, text)
  if (mark === null) return text
  let left = text
  for (const item of mark.added) {
    const { list } = read(name, left)
    const isItem = ({ start, end }: JsoncMember) => jsoncString(left.slice(start, end)) === item
    if (list !== null) left = withoutMember(left, list.open, list.members.findIndex(isItem))
  }
  left = mark.before === 'list' ? left : withoutEmptyList(name, left, mark.before)
  const { root, mark: member } = read(name, left)
  return member === undefined ? left : withoutMember(left, root.open, root.members.indexOf(member))
}

/** What is there for the node, as people read it. */
export function denoOursOf(name: string, text: string): string[] {
  const added = text.includes(MARK) ? (markIn(name, text)?.added ?? []) : []
  return added.length === 0 ? [] : [`"${GATE}": { "exclude": ${JSON.stringify(added)} }`]
}

/** Takes out our list once nothing is left in it, and what we put around it. */
function withoutEmptyList(name: string, text: string, before: Mark['before']): string {
  const { root, gate, fields, exclude, list } = read(name, text)
  if (gate === undefined || fields === null || exclude === undefined || list === null) return text
  if (text.slice(list.open + 1, list.close).trim() !== '') return text
  const others = fields.members.filter(member => member !== exclude)
  const [age] = others
  if (before === 'nothing' && age === undefined) return withoutMember(text, root.open, root.members.indexOf(gate))
  if (before === 'age' && age?.key === 'age' && others.length === 1) {
    return withRange(text, gate.valueStart, gate.end, text.slice(age.valueStart, age.end))
  }
  return withoutMember(text, fields.open, fields.members.indexOf(exclude))
}

/** Whether the file turns deno's age gate off. */
function isOff(text: string, { gate, fields }: DenoFile): boolean {
  const age = fields === null ? gate : fields.members.find(({ key }) => key === 'age')
  return age !== undefined && /^(["']?)0+\1$|^false$/.test(text.slice(age.valueStart, age.end))
}

function markIn(name: string, text: string): Mark | null {
  const { mark } = read(name, text)
  if (mark === undefined) return null
  try {
    const { before, added } = JSON.parse(text.slice(mark.valueStart, mark.end)) as Partial<Mark>
    const was = BEFORE.find(each => each === before)
    if (was !== undefined && Array.isArray(added)) return { before: was, added: added.map(String) }
  } catch {
    // Falls through: somebody has rewritten it.
  }
  const hint = `take "${MARK}" and what it names out of ${GATE} by hand`
  throw new CliError('E_FILE', `${name} has a changed "${MARK}"`, { hint })
}

function read(name: string, text: string): DenoFile {
  try {
    const root = containerAt(text, 0)
    if (root === null || text[root.open] !== '{') throw new SyntaxError('it begins with something else')
    const inRoot = (key: string) => root.members.find(member => member.key === key)
    const gate = inRoot(GATE)
    const value = gate === undefined ? null : containerAt(text, gate.valueStart)
    const fields = value !== null && text[value.open] === '{' ? value : null
    const exclude = fields?.members.find(({ key }) => key === 'exclude')
    const items = exclude === undefined ? null : containerAt(text, exclude.valueStart)
    const list = items !== null && text[items.open] === '[' ? items : null
    return { root, mark: inRoot(MARK), gate, fields, exclude, list }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new CliError('E_FILE', `${name} is no JSON object`, {
      cause,
      hint: `mend ${name}, and run the command again`,
    })
  }
}

const cannotAdd = (name: string, why: string, added: readonly string[]) =>
  new CliError('E_FILE', `${name}: ${why}, where no name can be added safely`, {
    hint: `add to ${GATE}.exclude by hand: ${added.join(', ')}`,
  })
