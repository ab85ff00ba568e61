import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { until } from './until.ts'

/** A process that is not mistaken for a later one with the same pid. */
export interface ProcessId {
  readonly pid: number
  /** When it began, in the words of the system. */
  readonly began: string
}

/** The identity of a running process; `undefined` when there is none, or only a zombie. */
export function identify(pid: number): ProcessId | undefined {
  const seen = existsSync('/proc/self/stat') ? readProc(pid) : readPs(pid)
  return seen === undefined || seen.state === 'Z' || seen.state === 'X' ? undefined : { pid, began: seen.began }
}

/** Whether it still runs. A zombie is dead: pid 1 of a container may never reap it, and `kill -0` would find it. */
export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.began === id.began
}

/** Sends a signal to this process and to no other. Says whether it was there. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false
  try {
    return process.kill(id.pid, name)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

/** Ends it and waits for its end: SIGTERM first, SIGKILL once `graceMs` are over; at once when they are 0. */
export async function end(id: ProcessId, { graceMs }: { graceMs: number }): Promise<void> {
  if (graceMs > 0 && signal(id, 'SIGTERM')) {
    signal(id, 'SIGCONT') // a frozen one could not obey
    await gone(id, graceMs).catch(() => undefined)
  }
  signal(id, 'SIGKILL')
  await gone(id, 10_000)
}

/** Waits until it is no more. */
export async function gone(id: ProcessId, timeoutMs: number): Promise<void> {
  await until(`the end of process ${id.pid}`, () => !isAlive(id), { timeoutMs, everyMs: 20 })
}

/**
 * Starts a program that outlives us, in a session of its own, so that Ctrl-C in our terminal does not reach it. What it
 * says is appended to `log`.
 */
export async function spawnDetached(
  command: readonly [string, ...string[]],
  { env, log, cwd }: { env: NodeJS.ProcessEnv; log: string; cwd: string },
): Promise<ProcessId> {
  const [program, ...args] = command
  const out = openSync(log, 'a')
  try {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', out, out] })
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('spawn', resolve)
    })
    child.unref()
    const id = child.pid === undefined ? undefined : identify(child.pid)
    if (id === undefined) throw new Error(`${program} ended at once; see ${log}`)
    return id
  } finally {
    closeSync(out)
  }
}

interface Seen {
  state: string
  began: string
}

function readProc(pid: number): Seen | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // "pid (name) state ppid …"; the name may hold blanks and brackets. The 22nd field is the time of its beginning.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', began: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

function readPs(pid: number): Seen | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
    return { state: line[0] ?? '', began: line.slice(line.indexOf(' ')).trim() }
  } catch {
    return undefined
  }
}
