import type { Clause, Driver } from '@anybroker/driver'
import type { Broker } from 'anybroker'

/**
 * A wrong driver, or a wrong core: the memory engine with one planted bug of a few lines. A case named after `clause` must fail on
 * it. `wrap` plants it below core (see `wrapDriver`), `wrapBroker` in what the application sees.
 */
export interface Mutant {
  readonly clause: Clause
  /** What is wrong, as a sentence: `acks before the handler ran`. */
  readonly name: string
  readonly wrap?: (driver: Driver) => Driver
  readonly wrapBroker?: (broker: Broker) => Broker
}
