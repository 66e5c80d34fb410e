import type { Severity } from '../policy/facts.ts'

/** Weights of the base metrics: CVSS v3.1 specification, section 7.4. */
const WEIGHTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  PR: { N: 0.85, L: 0.62, H: 0.27 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
}
/** Privileges Required weigh more where the scope changes. */
const PRIVILEGES_CHANGED: Readonly<Record<string, number>> = { N: 0.85, L: 0.68, H: 0.5 }

/** The base score of a CVSS v3.0 or v3.1 vector, 0 to 10 in tenths (specification section 7.1); null: it is none. */
export function cvss3ScoreOf(vector: string): number | null {
  const [head, ...parts] = vector.split('/')
  if (head !== 'CVSS:3.0' && head !== 'CVSS:3.1') return null
  const metrics = new Map(parts.map(part => part.split(':', 2) as [string, string]))
  const scope = metrics.get('S')
  if (scope !== 'U' && scope !== 'C') return null
  const weights = Object.entries(WEIGHTS).map(([name, values]) => {
    const value = metrics.get(name) ?? ''
    const table = name === 'PR' && scope === 'C' ? PRIVILEGES_CHANGED : values
    return Object.hasOwn(table, value) ? table[value]! : Number.NaN
  })
  if (weights.some(Number.isNaN)) return null
  return scoreOf(weights, scope === 'C')
}

function scoreOf([av = 0, ac = 0, pr = 0, ui = 0, c = 0, i = 0, a = 0]: readonly number[], isChanged: boolean): number {
  const iss = 1 - (1 - c) * (1 - i) * (1 - a)
  const impact = isChanged ? 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 : 6.42 * iss
  if (impact <= 0) return 0
  const exploitability = 8.22 * av * ac * pr * ui
  return roundUp(Math.min((isChanged ? 1.08 : 1) * (impact + exploitability), 10))
}

/** The smallest tenth that is not less, without the noise of floats (specification appendix A). */
function roundUp(value: number): number {
  const scaled = Math.round(value * 100_000)
  return scaled % 10_000 === 0 ? scaled / 100_000 : (Math.floor(scaled / 10_000) + 1) / 10
}

/** The qualitative rating of a score (specification section 5); a score of 0 counts as low. */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical'
  if (score >= 7) return 'high'
  return score >= 4 ? 'moderate' : 'low'
}
