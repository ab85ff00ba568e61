// The one way to have a broker: what the environment names, else Docker Compose, else processes of this machine.
import { randomUUID } from 'node:crypto'
import { answers } from './answers.ts'
import { brokerAtUrl } from './at-url.ts'
import { BrokerMissingError, type Broker } from './broker.ts'
import { withLock } from './lock.ts'
import { urlVariable, type BrokerName } from './names.ts'
import { isOrphan, me, nativeBroker, runs, startNative } from './native/broker.ts'
import { engines } from './native/engines.ts'
import { folderOf, readState, readStates } from './state.ts'

export { BrokerMissingError, type Broker, type Origin } from './broker.ts'
export { groups, names, select, splitNames, supported, urlVariable, type BrokerName } from './names.ts'

export interface UpOptions {
  /**
   * `shared` (the default): the one of this work tree, started if it does not run; it stays until somebody says `down`.
   * `own`: one more, for us alone, empty, on ports of its own. It may be killed and frozen without harm to other tests,
   * and ends at `down`; whose process dies before that, the next `up` or `down` on this machine ends it.
   */
  for?: 'shared' | 'own'
}

/** A broker that answers. Fails with {@link BrokerMissingError} where it can't be had. */
export async function up(name: BrokerName, options: UpOptions = {}): Promise<Broker> {
  await endOrphans()
  if (options.for === 'own') return startOwn(name)
  const url = process.env[urlVariable(name)]
  if (url !== undefined && url !== '') return brokerAtUrl(name, url)
  return withLock(`${folderOf(name)}.lock`, async () => (await running(name)) ?? startShared(name))
}

/** The shared broker, if it runs; nothing is started. */
export async function running(name: BrokerName): Promise<Broker | undefined> {
  const state = readState(folderOf(name))
  if (state === undefined || !runs(state)) return undefined
  const broker = nativeBroker(state)
  return (await answers(name, broker.url)) ? broker : undefined
}

/** The shared broker, in whatever state it was left: killed and frozen ones too. */
export function known(name: BrokerName): Broker | undefined {
  const state = readState(folderOf(name))
  return state === undefined ? undefined : nativeBroker(state)
}

/** Ends what belonged to processes that are gone. */
export async function endOrphans(): Promise<void> {
  await Promise.all(
    readStates()
      .filter(isOrphan)
      .map((state) => nativeBroker(state).down()),
  )
}

async function startShared(name: BrokerName): Promise<Broker> {
  refuseMissing(name)
  await known(name)?.down()
  return startNative(name, folderOf(name))
}

async function startOwn(name: BrokerName): Promise<Broker> {
  refuseMissing(name)
  return startNative(name, folderOf(name, randomUUID().slice(0, 8)), me())
}

function refuseMissing(name: BrokerName): void {
  const why = engines[name].missing()
  if (why !== undefined) throw new BrokerMissingError(name, why)
}
