import { type Command, textOf } from '../command.ts'
import { publishPath } from '../publish-path.ts'
import { fieldsOf } from '../view.ts'

/** `hanse publish PATH`: signs a release of what lies at PATH, private unless `--public` or `--to AUDIENCE`. */
export const publishCommand: Command = {
  name: 'publish',
  summary: 'release a package folder or archive; private unless --public or --to',
  examples: [
    'hanse publish ./my-package',
    'hanse publish ./acme-x-1.0.0.tgz --public',
    'hanse publish ./my-package --to partners',
    'hanse publish ./chart.bin --purl generic:chart@7 --dry-run',
  ],
  args: [{ name: '<path>', text: 'an npm package folder, .tgz, .whl, sdist, .crate, or any file with --purl' }],
  options: [
    { flags: '--public', text: 'announce and serve it to everyone; there is no way back' },
    { flags: '--to <audience>', text: 'for the peers of one audience alone; hanse audience add' },
    { flags: '--purl <purl>', text: 'the name of a file without a manifest' },
    { flags: '--dry-run', text: 'check everything, publish nothing' },
  ],
  async run(input, context) {
    const purl = textOf(input, 'purl')
    const to = textOf(input, 'to')
    const choice = {
      public: input.options.public === true,
      dryRun: input.options.dryRun === true,
      ...(purl === undefined ? {} : { purl }),
      ...(to === undefined ? {} : { to }),
    }
    const node = await context.node()
    return { data: await publishPath(node, input.args[0] ?? '', choice, context) }
  },
  view: (data: object) => fieldsOf(data),
}
