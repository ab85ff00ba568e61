// Brokers that belong to one process, and end with it.
import { randomUUID } from 'node:crypto'
import type { Broker } from './broker.ts'
import { composeBroker, startCompose } from './compose.ts'
import type { BrokerName } from './names.ts'
import { nativeBroker, startNative } from './native/broker.ts'
import { freePorts } from './ports.ts'
import { identify, isAlive, type ProcessId } from './process.ts'
import { folderOf, readStates, removeState, writeState, type State } from './state.ts'

/** Starts one for this process alone. */
export async function startOwn(name: BrokerName, from: 'compose' | 'native'): Promise<Broker> {
  const suffix = randomUUID().slice(0, 8)
  const folder = folderOf(name, suffix)
  if (from === 'native') return startNative(name, folder, me())
  const [port = 0] = await freePorts(1)
  const project = { name: `anybroker-${suffix}`, port }
  const state: State = { name, folder, ports: [port], nodes: [], helpers: [], owner: me(), project }
  writeState(state)
  await startCompose(name, project)
  return brokerOf(state)
}

/** The handle of what a folder describes. */
export function brokerOf(state: State): Broker {
  if (state.project === undefined) return nativeBroker(state)
  const broker = composeBroker(state.name, state.project)
  const down = async (): Promise<void> => {
    await broker.down()
    removeState(state)
  }
  return { ...broker, down, [Symbol.asyncDispose]: down }
}

/** Ends what belonged to processes that are gone. */
export async function endOrphans(): Promise<void> {
  const orphans = readStates().filter(({ owner }) => owner !== undefined && !isAlive(owner))
  await Promise.all(orphans.map((state) => brokerOf(state).down()))
}

function me(): ProcessId {
  const id = identify(process.pid)
  if (id === undefined) throw new Error('Found no process with our own pid')
  return id
}
