import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../answers.ts'
import type { BrokerName } from '../names.ts'
import { isAlive, spawnDetached, type ProcessId } from '../process.ts'
import { until } from '../until.ts'
import type { Place } from './engine.ts'

/** Starts a program of a broker in its folder; what it says goes to a log there. */
export function launch(
  { folder }: Place,
  command: readonly [string, ...string[]],
  { env = {}, log = 'console.log' }: { env?: NodeJS.ProcessEnv; log?: string } = {},
): Promise<ProcessId> {
  mkdirSync(join(folder, 'log'), { recursive: true })
  // Little of our environment, so that a broker is the same wherever it was started from.
  const inherited = Object.fromEntries(['PATH', 'JAVA_HOME', 'LANG'].map((name) => [name, process.env[name]]))
  const options = { env: { ...inherited, HOME: folder, ...env }, log: logFile(folder, log), cwd: folder }
  return spawnDetached(command, options)
}

export function logFile(folder: string, name = 'console.log'): string {
  return join(folder, 'log', name)
}

/** Waits until the broker answers. Gives up as soon as one of its processes has ended. */
export async function untilAnswers(
  name: BrokerName,
  url: string,
  place: Place,
  nodes: readonly ProcessId[],
): Promise<void> {
  await until(
    `an answer of ${name}; see ${logFile(place.folder)}`,
    () => {
      if (!nodes.every(isAlive)) throw new Error(`${name} ended while it started; see ${logFile(place.folder)}`)
      return answers(name, url)
    },
    { timeoutMs: 90_000 },
  )
}
