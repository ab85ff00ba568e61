import type { ProcessId } from '../process.ts'

/** One broker to be: where it lives and listens. */
export interface Place {
  /** Its own folder. What is in it survives a restart and goes when the broker goes. */
  readonly folder: string
  /** Its own ports on the loopback address, as many as the engine asked for. */
  readonly ports: readonly number[]
}

/** The processes of a broker. */
export interface Running {
  /** Those that are the broker: verbs such as kill and freeze go to them. */
  readonly nodes: readonly ProcessId[]
  /** Those around them, ended after them. */
  readonly helpers: readonly ProcessId[]
}

/** How one kind of broker runs as processes of this machine, without Docker. */
export interface Engine {
  /** How many ports it needs. */
  readonly ports: number
  /** Why it can't run here and how to get it, in one sentence; `undefined` when it can. */
  missing(): string | undefined
  /** Fetches what it lacks into a folder of the work tree. `say` is told about each longer step. */
  install(say: (line: string) => void): Promise<void>
  /** Starts it, on what its folder holds or from nothing. `born` is called with all processes so far, before any wait. */
  start(place: Place, born: (running: Running) => void): Promise<Running>
  url(place: Place): string
  /** The URL of its own HTTP API for administration; absent where there is none. */
  management?(place: Place): string
  /** How long SIGTERM may take before SIGKILL follows. */
  readonly graceMs: number
  /** The files that hold what it says. */
  logs(place: Place): readonly string[]
  /** Runs a command line of the broker's own administration; absent where there is none. */
  admin?(place: Place, args: readonly string[]): Promise<string>
}
