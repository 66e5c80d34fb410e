import { type PolicyDocument, releasePatternText } from '../../protocol/index.ts'

/** Characters of one side of a difference that are shown. */
const MAX_SHOWN_CHARS = 160

/** How one policy differs from another, a line each: `minimumAge: {"hours":24} → {"hours":72}`; where a rule stands is no difference. */
export function policyDifference(before: PolicyDocument, after: PolicyDocument): readonly string[] {
  const lines: string[] = []
  for (const section of Object.keys(after) as (keyof PolicyDocument)[]) {
    if (section === 'deny' || section === 'allow' || section === 'waivers') {
      lines.push(...entryDifference(section, before[section], after[section]))
      continue
    }
    const [old, now] = [textOf(before[section]), textOf(after[section])]
    if (old !== now) lines.push(`${section}: ${old} → ${now}`)
  }
  return lines
}

type Entry = PolicyDocument['deny'][number] | PolicyDocument['waivers'][number]

function entryDifference(section: string, before: readonly Entry[], after: readonly Entry[]): string[] {
  const [old, now] = [before.map(entryText), after.map(entryText)]
  const gone = old.filter(entry => !now.includes(entry))
  const come = now.filter(entry => !old.includes(entry))
  return [...gone.map(entry => `${section}: without ${entry}`), ...come.map(entry => `${section}: with ${entry}`)]
}

function entryText({ line: _, match, ...rest }: Entry): string {
  return shortened(`${releasePatternText(match)} ${JSON.stringify(rest)}`)
}

function textOf(section: unknown): string {
  if (section === null) return 'off'
  if (typeof section !== 'object') return String(section)
  const { line: _, ...rest } = section as { readonly line?: unknown }
  return shortened(JSON.stringify(rest))
}

const shortened = (text: string): string =>
  text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`
