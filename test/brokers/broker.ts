import type { BrokerName } from './names.ts'

/** Where a broker comes from: a URL of the environment, an engine of Docker, or processes of this machine. */
export type Origin = 'url' | 'compose' | 'native'

/** A broker that answers. */
export interface Broker extends AsyncDisposable {
  readonly name: BrokerName
  readonly origin: Origin
  readonly url: string
  /** The URL of RabbitMQ's management API, where it can be reached from here: without the user, who is that of `url`. */
  readonly management?: string
  /** Stops it if it runs, starts it on the same data and at the same URL, and waits until it answers. */
  restart(): Promise<void>
  /** Ends it as a power cut would (SIGKILL). Its data stay; `restart` brings it back. */
  kill(): Promise<void>
  /** Stops its clock (SIGSTOP): connections stay open and nobody answers. */
  freeze(): Promise<void>
  /** Lets it go on. */
  thaw(): Promise<void>
  /** The last lines that it said. */
  logs(lines?: number): Promise<string>
  /** Runs `rabbitmqctl` against it and gives what it prints. A `TypeError` for brokers of another kind. */
  rabbitmqctl(...args: readonly string[]): Promise<string>
  /** Ends it if we started it, and removes its data. Idempotent. */
  down(): Promise<void>
}

/** Why a broker can't be had here, and how to get it. */
export class BrokerMissingError extends Error {
  override readonly name = 'BrokerMissingError'
  readonly broker: BrokerName

  constructor(broker: BrokerName, why: string) {
    super(`${broker} is missing: ${why}`)
    this.broker = broker
  }
}
