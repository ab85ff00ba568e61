import { BrokerError, lacking, shown, type Driver, type Runtime } from '@anybroker/driver'
import type { Broker, ConnectOptions } from './api/broker.ts'
import { BrokerOf } from './broker.ts'
import { raise } from './capabilities.ts'
import { Core } from './entities/core.ts'
import { Events } from './events.ts'
import { Link } from './link/link.ts'
import { maintain } from './link/maintain.ts'
import { Provisioner } from './link/provisioner.ts'
import { connectOptions } from './options/connect-options.ts'
import { redact, rememberSecrets, shownError } from './redact.ts'
import { driverFromUrl } from './schemes.ts'
import { systemRuntime } from './time/system-runtime.ts'

/**
 * Connects to a broker: by URL, whose scheme says which, or by a driver. `memory:` comes with this package; `kafka:`, `amqp:`,
 * `amqps:`, `google-pubsub:` and `sqs-sns:` load a package of their own. One attempt; from then on the
 * connection is kept alive until `close`.
 *
 * Throws a `TypeError` for a URL or an option that is wrong, an `Error` with the command to install it for a missing package, and a
 * `BrokerError` for an address that does not answer (`UNAVAILABLE`), credentials that are refused (`UNAUTHORIZED`), no answer within
 * `connectTimeoutMs` (`TIMEOUT`), or a driver that lacks what none may lack (`UNSUPPORTED`).
 *
 * @example
 * ```ts
 * await using broker = await connect(process.env.BROKER_URL ?? 'memory:')
 * const orders = broker.queue<Order>('orders')
 * await orders.send({ id: 1 })
 * ```
 */
export async function connect(target: string | Driver, options?: ConnectOptions): Promise<Broker> {
  const full = connectOptions(options)
  full.signal?.throwIfAborted()
  const driver = await driverOf(target)
  const runtime = withCleanLog(full.runtime ?? systemRuntime(full.log))
  const events = new Events((level, message, facts) => runtime.log(level, message, facts))
  const link = new Link(driver, runtime, events, full.connectTimeoutMs)
  await link.open(full.signal)
  const missing = lacking(raise(link.capabilities))
  if (missing.length > 0) {
    await link.close(AbortSignal.abort())
    throw new BrokerError(
      'UNSUPPORTED',
      `connect: ${driver.name} is no driver: it grades ${missing.join(', ')} as none`,
      { clause: missing[0] ?? '' },
    )
  }
  maintain(link)
  return new BrokerOf(new Core(link, events, new Provisioner(link), full))
}

/** The same runtime, whose log is told no secret, also where a driver logs what its client threw. */
function withCleanLog(runtime: Runtime): Runtime {
  return {
    now: () => runtime.now(),
    wallNow: () => runtime.wallNow(),
    timer: (delayMs, run) => runtime.timer(delayMs, run),
    sleep: (delayMs, signal) => runtime.sleep(delayMs, signal),
    random: () => runtime.random(),
    id: () => runtime.id(),
    log: (level, message, facts = {}) => {
      const clean = Object.entries(facts).map(([name, fact]) => [name, fact instanceof Error ? shownError(fact) : fact])
      runtime.log(level, redact(message), Object.fromEntries(clean))
    },
  }
}

async function driverOf(target: unknown): Promise<Driver> {
  if (typeof target === 'string') {
    rememberSecrets(target)
    return driverFromUrl(target)
  }
  if (typeof target !== 'object' || target === null || !('connect' in target) || !('spec' in target)) {
    throw new TypeError(`connect takes a URL or a driver; got ${shown(target)}`)
  }
  if (target.spec !== 1) {
    throw new TypeError(
      `connect: the driver speaks version ${String(target.spec)} of the seam and this anybroker version 1: update one of them`,
    )
  }
  return target as Driver
}
