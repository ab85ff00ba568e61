import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Project } from './compose.ts'
import { runFolder } from './folders.ts'
import { names, type BrokerName } from './names.ts'
import type { Place, Running } from './native/engine.ts'
import type { ProcessId } from './process.ts'

/** What is known of a broker that we started, kept in its folder for whoever comes next. */
export interface State extends Place, Running {
  readonly name: BrokerName
  /** The project of Docker Compose that it is; absent: it is processes of this machine. */
  readonly project?: Project
  /** Whose it is alone: when this process is gone, nobody wants the broker any more. Absent: everybody's. */
  readonly owner?: ProcessId
}

const file = 'state.json'

export function writeState(state: State): void {
  mkdirSync(state.folder, { recursive: true })
  const path = join(state.folder, file)
  // At one stroke: readers see the old one or the new one.
  writeFileSync(`${path}.new`, JSON.stringify(state, undefined, 2))
  renameSync(`${path}.new`, path)
}

/** All brokers that left a folder behind, running or not. */
export function readStates(): readonly State[] {
  return listFolders().flatMap((folder) => readState(folder) ?? [])
}

export function readState(folder: string): State | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as State
  } catch {
    return undefined
  }
}

export function removeState({ folder }: Place): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** The folder of the broker that everybody shares, or of one more beside it. */
export function folderOf(name: BrokerName, suffix?: string): string {
  return join(runFolder, suffix === undefined ? name : `${name}.${suffix}`)
}

function listFolders(): readonly string[] {
  try {
    const found = readdirSync(runFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return found
      .map((entry) => join(runFolder, entry.name))
      .filter((folder) => names.some((name) => folder.includes(name)))
  } catch {
    return []
  }
}
