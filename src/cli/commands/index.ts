import type { Command, CommandGroup } from '../command.ts'
import { advisoryGroup } from './advisory.ts'
import { backupCommand } from './backup.ts'
import { cacheGroup } from './cache.ts'
import { configGroup } from './config.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { exportGroup } from './export.ts'
import { importGroup } from './import.ts'
import { infoCommand } from './info.ts'
import { initCommand } from './init.ts'
import { installCommand } from './install.ts'
import { keyGroup } from './key.ts'
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

/** Every command, in the order of `hanse --help`: daily work first. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [
  initCommand,
  startCommand,
  demoCommand,
  statusCommand,
  publishCommand,
  searchCommand,
  infoCommand,
  installCommand,
  whyCommand,
  useCommand,
  ...relationCommands,
  publishersCommand,
  peerGroup,
  routeGroup,
  policyGroup,
  upstreamGroup,
  cacheGroup,
  purgeCommand,
  advisoryGroup,
  configGroup,
  keyGroup,
  tokenGroup,
  backupCommand,
  restoreCommand,
  importGroup,
  exportGroup,
  doctorCommand,
  verifyGroup,
]
