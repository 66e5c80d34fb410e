import type { Command, CommandGroup } from '../command.ts'
import { advisoryGroup } from './advisory.ts'
import { audienceGroup } from './audience.ts'
import { backupCommand } from './backup.ts'
import { cacheGroup } from './cache.ts'
import { completionGroup } from './completion.ts'
import { configGroup } from './config.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { exportGroup } from './export.ts'
import { federationCommand } from './federation.ts'
import { importGroup } from './import.ts'
import { infoCommand } from './info.ts'
import { initCommand } from './init.ts'
import { installCommand } from './install.ts'
import { keyGroup } from './key.ts'
import { memberGroup } from './member.ts'
import { peerGroup } from './peer.ts'
import { policyGroup } from './policy.ts'
import { publishCommand } from './publish.ts'
import { publishersCommand } from './publishers.ts'
import { purgeCommand } from './purge.ts'
import { relationCommands } from './relation.ts'
import { restoreCommand } from './restore.ts'
import { routeGroup } from './route.ts'
import { searchCommand } from './search.ts'
import { startCommand } from './start.ts'
import { statusCommand } from './status.ts'
import { tokenGroup } from './token.ts'
import { upstreamGroup } from './upstream.ts'
import { useCommand } from './use.ts'
import { verifyGroup } from './verify.ts'
import { whyCommand } from './why.ts'

/** Every command, as `hanse --help` lists them: daily work first. */
export const COMMAND_SECTIONS: readonly (readonly [title: string, entries: readonly (Command | CommandGroup)[]])[] = [
  ['Run a node', [initCommand, startCommand, demoCommand, statusCommand, configGroup, doctorCommand]],
  ['Publish and install', [publishCommand, searchCommand, infoCommand, installCommand, whyCommand, useCommand]],
  ['Say what may be installed, and from where', [policyGroup, advisoryGroup, routeGroup, upstreamGroup]],
  [
    'Choose publishers and peers',
    [...relationCommands, publishersCommand, peerGroup, audienceGroup, memberGroup, federationCommand],
  ],
  ['Look after keys and tokens', [keyGroup, tokenGroup]],
  ['Look after what is stored', [cacheGroup, purgeCommand, backupCommand, restoreCommand, importGroup, exportGroup]],
  ['Check by hand', [verifyGroup]],
  ['Help while typing', [completionGroup]],
]

export const COMMANDS: readonly (Command | CommandGroup)[] = COMMAND_SECTIONS.flatMap(([, entries]) => entries)
