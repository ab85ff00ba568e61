// The one way to have a broker: what the environment names, else Docker Compose, else processes of this machine.
import { answers } from './answers.ts'
import { brokerAtUrl } from './at-url.ts'
import { BrokerMissingError, type Broker, type Origin } from './broker.ts'
import { composeAnswers, composeBroker, composeHas, services, startCompose } from './compose.ts'
import { withLock } from './lock.ts'
import { urlVariable, type BrokerName } from './names.ts'
import { nativeBroker, runs, startNative } from './native/broker.ts'
import { engines } from './native/engines.ts'
import { brokerOf, endOrphans, startOwn } from './own.ts'
import { folderOf, readState, readStates } from './state.ts'

export { BrokerMissingError, type Broker } from './broker.ts'
export { select, splitNames, supported, urlVariable, type BrokerName } from './names.ts'

export interface UpOptions {
  /**
   * `shared` (the default): the one that the environment names, else the one of this work tree, started if it does not
   * run; it stays until somebody says `down`.
   *
   * `own`: one more, for us alone, empty, on ports of its own. It may be killed and frozen without harm to other tests,
   * and ends at `down`; if our process dies before that, the next `up` or `down` in this work tree ends it.
   */
  readonly for?: 'shared' | 'own'
}

/**
 * A broker that answers.
 *
 * Fails with {@link BrokerMissingError} where it can't be had, and with the broker's own trouble where it can and does not
 * come up.
 *
 * @example A test that kills one
 * ```ts
 * await using broker = await up('rabbitmq-4', { for: 'own' })
 * await broker.kill()
 * await broker.restart()
 * ```
 */
export async function up(name: BrokerName, options: UpOptions = {}): Promise<Broker> {
  await endOrphans()
  if (options.for === 'own') return startOwn(name, await source(name))
  const url = urlOf(name)
  if (url !== undefined) return (await oursAt(name, url)) ?? brokerAtUrl(name, url)
  return withLock(`${folderOf(name)}.lock`, async () => (await running(name)) ?? startShared(name))
}

/** Where a broker comes from on this machine, before anybody asks whether it is installed. */
export async function comesFrom(name: BrokerName): Promise<Origin> {
  if (urlOf(name) !== undefined) return 'url'
  return services[name] !== undefined && (await composeAnswers()) ? 'compose' : 'native'
}

/** The shared broker of this work tree, if it answers; nothing is started. */
export async function running(name: BrokerName): Promise<Broker | undefined> {
  const broker = await known(name)
  return broker !== undefined && (await answers(name, broker.url)) ? broker : undefined
}

/** The shared broker of this work tree, in whatever state it was left: killed and frozen ones too. */
export async function known(name: BrokerName): Promise<Broker | undefined> {
  const state = readState(folderOf(name))
  if (state !== undefined) return nativeBroker(state)
  return (await composeHas(name, {})) ? composeBroker(name, {}) : undefined
}

// The environment names a broker that we started, as it does in the tests of `pnpm test`: then all verbs work, and whoever
// started it ends it.
async function oursAt(name: BrokerName, url: string): Promise<Broker | undefined> {
  const states = readStates().filter((state) => state.name === name && (state.project !== undefined || runs(state)))
  const broker = [...states.map(brokerOf), await known(name)].find((candidate) => candidate?.url === url)
  const leave = (): Promise<void> => Promise.resolve()
  return broker && { ...broker, down: leave, [Symbol.asyncDispose]: leave }
}

function urlOf(name: BrokerName): string | undefined {
  return process.env[urlVariable(name)] || undefined
}

async function startShared(name: BrokerName): Promise<Broker> {
  const from = await source(name)
  await (await known(name))?.down()
  return from === 'compose' ? startCompose(name, {}) : startNative(name, folderOf(name))
}

async function source(name: BrokerName): Promise<'compose' | 'native'> {
  if (services[name] !== undefined && (await composeAnswers())) return 'compose'
  const why = engines[name].missing()
  if (why !== undefined) throw new BrokerMissingError(name, why)
  return 'native'
}
