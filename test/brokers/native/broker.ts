import { existsSync, readFileSync } from 'node:fs'
import type { Broker } from '../broker.ts'
import type { BrokerName } from '../names.ts'
import { freePorts } from '../ports.ts'
import { end, isAlive, signal, type ProcessId } from '../process.ts'
import { readState, removeState, writeState, type State } from '../state.ts'
import { engines } from './engines.ts'

/** Starts one in this folder, with new ports and no data. */
export async function startNative(name: BrokerName, folder: string, owner?: ProcessId): Promise<Broker> {
  const engine = engines[name]
  const state: State = {
    name,
    folder,
    ports: await freePorts(engine.ports),
    nodes: [],
    helpers: [],
    ...(owner === undefined ? {} : { owner }),
  }
  removeState(state)
  writeState(state)
  const broker = nativeBroker(state)
  try {
    await start(state)
    return broker
  } catch (error) {
    // Its logs stay, so that the message may name them.
    await endAll(folder, 0)
    throw error
  }
}

/** The handle of one that was started before, here or by another process. */
export function nativeBroker(first: State): Broker {
  const { name, folder } = first
  const engine = engines[name]
  // Read anew each time: a restart, by whomever, gave it other pids.
  const state = (): State => {
    const known = readState(folder)
    if (known === undefined) throw new Error(`${name} is down: its folder ${folder} is gone`)
    return known
  }
  const toAll = (what: NodeJS.Signals): Promise<void> => {
    for (const node of state().nodes) {
      if (!signal(node, what)) throw new Error(`${name} does not run`)
    }
    return Promise.resolve()
  }
  const down = async (): Promise<void> => {
    await endAll(folder, engine.graceMs)
    removeState(first)
  }
  return {
    name,
    origin: 'native',
    url: engine.url(first),
    ...(engine.management === undefined ? {} : { management: engine.management(first) }),
    async restart() {
      const before = state()
      await endAll(folder, engine.graceMs)
      await start(before)
    },
    async kill() {
      await Promise.all(state().nodes.map((node) => end(node, { graceMs: 0 })))
      await endAll(folder, 0)
    },
    freeze: async () => toAll('SIGSTOP'),
    thaw: async () => toAll('SIGCONT'),
    logs: (lines = 200) => Promise.resolve(readLogs(engine.logs(first), lines)),
    rabbitmqctl: async (...args) => {
      if (engine.admin === undefined) throw new TypeError(`${name} has no rabbitmqctl`)
      return engine.admin(first, args)
    },
    down,
    [Symbol.asyncDispose]: down,
  }
}

/** Whether all its nodes run. */
export function runs({ nodes }: State): boolean {
  return nodes.length > 0 && nodes.every(isAlive)
}

async function start(state: State): Promise<void> {
  // Told of every process as soon as it is there, so that nobody is forgotten when we die in the middle.
  await engines[state.name].start(state, (running) => writeState({ ...state, ...running }))
}

async function endAll(folder: string, graceMs: number): Promise<void> {
  const state = readState(folder)
  if (state === undefined) return
  await Promise.all(state.nodes.map((node) => end(node, { graceMs })))
  // A helper that is the parent of a node ends by itself when the node has ended.
  await Promise.all(state.helpers.map((helper) => end(helper, { graceMs: Math.min(graceMs, 2_000) })))
}

function readLogs(files: readonly string[], lines: number): string {
  const texts = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8').trimEnd())
  return texts.map((text) => text.split('\n').slice(-lines).join('\n')).join('\n')
}
