import { CLAUSE_IDS, CLAUSES, type Capabilities, type Clause, type Driver, type WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'

/** Sessions keep leases alive here, and nobody can take that away from outside. */
const KEPT: readonly Clause[] = ['D7']

/**
 * No mutant, but the memory engine without whatever a driver may lack: proves that what is not there is refused, that core does
 * what it can do instead, and that the rest stands. What such a broker would merely carry, it does not see: times to deliver at
 * and to expire at travel beside it.
 */
export function poorMemory(driver: Driver): Driver {
  const beside = new Map<string, Pick<WireMessage, 'deliverAt' | 'expiresAt'>>()
  return wrapDriver(driver, {
    capabilities: (all) => {
      const lacks = CLAUSE_IDS.filter((clause) => CLAUSES[clause].may === 'be none' && !KEPT.includes(clause))
      const none = lacks.map((clause) => [clause, { ...all[clause], grade: 'none' }] as const)
      return { ...all, ...Object.fromEntries(none) } as Capabilities
    },
    admin: (inner) => override(inner, { depth: undefined, peek: undefined, purge: undefined, seek: undefined }),
    topology: (inner) => override(inner, { list: undefined }),
    sender: (inner) =>
      override(inner, {
        send: (batch, signal) =>
          inner.send(
            batch.map(({ deliverAt, expiresAt, ...message }) => {
              beside.set(message.id, {
                ...(deliverAt === undefined ? {} : { deliverAt }),
                ...(expiresAt === undefined ? {} : { expiresAt }),
              })
              return message
            }),
            signal,
          ),
      }),
    receiver: (inner) =>
      override(inner, {
        receive: async (max, options) => {
          const taken = await inner.receive(max, options)
          return taken.map((delivery) =>
            override(delivery, { message: { ...delivery.message, ...beside.get(delivery.message.id) } }),
          )
        },
      }),
  })
}
