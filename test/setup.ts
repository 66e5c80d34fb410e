import { afterAll } from 'vitest'
import { removeTemporaryFolders } from './temporary-folder.ts'

// Runs for each test file, also where the modules it imports are shared.
afterAll(removeTemporaryFolders)
