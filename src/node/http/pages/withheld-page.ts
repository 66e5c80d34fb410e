import type { LastWithheld, WithheldPackage } from '../../use-cases/last-withheld.ts'
import { type Html, html } from './html.ts'
import { pageOf } from './page.ts'

type WithheldVersion = WithheldPackage['versions'][number]

/** Versions of a package that are shown one by one. */
const MAX_SHOWN = 5

/** The page `/why/last`: what was withheld from whoever asks, and what to do. */
export function withheldPage({ who, minutes, packages }: LastWithheld): string {
  const whose = who?.join(' or ') ?? 'anyone'
  const lead =
    packages.length === 0
      ? html`<p>Nothing was withheld from <code>${whose}</code> in the last ${minutes} minutes.</p>
<ul>
<li>Run the install again and reload this page: only the last ${minutes} minutes are remembered.</li>
<li>Does your client send a token? What was withheld from it is shown to whoever has it: <a href="./last?login">sign in</a> with any name, and the token as password; or <code>hanse why --last --token T</code>.</li>
<li>About any package: <code>hanse why npm:NAME@VERSION</code>, or this address with the package in place of <code>last</code>.</li>
</ul>`
      : html`<p>This is what the node’s rules withheld from <code>${whose}</code> in the last ${minutes} minutes, the newest first. Clients that only say “no matching version” asked for one of these.</p>`
  return pageOf('What was withheld', html`${lead}${packages.map(packageOf)}`)
}

function packageOf({ name, rule, at, versions }: WithheldPackage): Html {
  const shown = versions.slice(0, MAX_SHOWN)
  const more = versions.length - shown.length
  const address = `./${encodeURIComponent(`${name}@${shown[0]?.version ?? ''}`)}`
  return html`<section>
<h2>${name}</h2>
<ul>${shown.map(version => versionOf(version, rule))}</ul>
<p>${more === 0 ? '' : `And ${more} more by the same rule. `}<a href="${address}">The whole decision</a> <small>asked for at ${timeOf(at)}</small></p>
</section>
`
}

function versionOf(version: WithheldVersion, rule: string): Html {
  const { message, hint } = version
  const help = hint?.split('\n').map(line => html`<br>What helps: <code>${line}</code>`) ?? []
  return html`<li><strong>${version.version}</strong> ${decisionOf(version)}<br>Rule <code>${rule}</code>: ${message}${help}</li>`
}

function decisionOf({ decision, enforced, until }: WithheldVersion): string {
  const what =
    decision === 'deny' ? 'is denied' : `is held until ${until === null ? 'somebody decides' : timeOf(until)}`
  return enforced ? what : `was served; once the policy is enforced, it ${what}`
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
