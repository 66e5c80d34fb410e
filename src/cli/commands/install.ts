import { byteText } from '../byte-text.ts'
import { type Command, textOf } from '../command.ts'
import { type Installed, installTo } from '../install-to.ts'
import { fieldsOf } from '../view.ts'

/** `hanse install PURL[@RANGE]`: resolves through the routes, fetches, checks and writes the file. */
export const installCommand: Command = {
  name: 'install',
  summary: 'fetch a package that the routes allow, checked, into a folder',
  examples: [
    'hanse install npm:@acme/x',
    "hanse install 'npm:@acme/x@^1.2' --to ./vendor --extract",
    "hanse install 'pypi:y@~=1.0' --publisher acme",
    "hanse install 'generic:chart@7?file_name=chart.bin'",
  ],
  args: [{ name: '<purl>', text: 'npm:@acme/x@^1.2; the range follows the ecosystem' }],
  options: [
    { flags: '--publisher <publisher>', text: 'take it from this publisher, skipping the routes' },
    { flags: '--to <dir>', text: 'the folder, created (default: here)' },
    { flags: '--extract', text: 'unpack a tarball beside itself' },
  ],
  async run(input, context) {
    const publisher = textOf(input, 'publisher')
    const wanted = { purl: input.args[0] ?? '', ...(publisher === undefined ? {} : { publisher }) }
    const node = await context.node()
    const folder = textOf(input, 'to') ?? '.'
    return {
      data: await installTo(node, wanted, folder, {
        extract: input.options.extract === true,
        signal: context.signal,
        ...(context.live === undefined ? {} : { live: context.live }),
      }),
    }
  },
  view: ({ mirrors, ...data }: Installed) =>
    fieldsOf(mirrors.length < 2 ? data : { ...data, mirrors: mirrors.map(mirrorText) }),
}

const mirrorText = ({ peer, bytes }: Installed['mirrors'][number]) => `${peer} (${byteText(bytes)})`
