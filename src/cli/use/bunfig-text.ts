import { CliError } from '../errors.ts'
import { OURS, withoutOurs } from './marks.ts'

/** The text of a `bunfig.toml` whose age gate, if it has one, lets these names pass. @throws CliError E_FILE where it lists some already */
export function bunfigWith(text: string, names: readonly string[]): string {
  const lines = withoutOurs(text).split('\n')
  const at = lines.findIndex(line => /^\s*minimumReleaseAge\s*=/.test(line))
  if (at < 0 || names.length === 0) return lines.join('\n')
  if (lines.some(line => /^\s*minimumReleaseAgeExcludes\s*=/.test(line))) {
    throw new CliError('E_FILE', 'bunfig.toml has minimumReleaseAgeExcludes, where no entry can be added safely', {
      hint: `add by hand: ${names.join(', ')}`,
    })
  }
  return lines.toSpliced(at + 1, 0, `minimumReleaseAgeExcludes = ${JSON.stringify(names)}${OURS}`).join('\n')
}
