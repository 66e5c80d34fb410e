import { type Command, textOf } from '../command.ts'
import { publishPath } from '../publish-path.ts'
import { fieldsOf } from '../view.ts'

/** `hanse publish PATH`: signs a release of what lies at PATH, private unless `--public`. */
export const publishCommand: Command = {
  name: 'publish',
  summary: 'release a package folder or archive; private unless --public',
  examples: [
    'hanse publish ./my-package',
    'hanse publish ./acme-x-1.0.0.tgz --public',
    'hanse publish ./chart.bin --purl generic:chart@7 --dry-run',
  ],
  args: [{ name: '<path>', text: 'an npm package folder, .tgz, .whl, sdist, .crate, or any file with --purl' }],
  options: [
    { flags: '--public', text: 'announce and serve it to everyone; there is no way back' },
    { flags: '--purl <purl>', text: 'the name of a file without a manifest' },
    { flags: '--dry-run', text: 'check everything, publish nothing' },
  ],
  async run(input, context) {
    const purl = textOf(input, 'purl')
    const choice = {
      public: input.options.public === true,
      dryRun: input.options.dryRun === true,
      ...(purl === undefined ? {} : { purl }),
    }
    const node = await context.node()
    return { data: await publishPath(node, input.args[0] ?? '', choice, context) }
  },
  view: (data: object) => fieldsOf(data),
}
