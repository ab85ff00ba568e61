import type {
  Admin,
  Capabilities,
  Connection,
  Driver,
  Receiver,
  Ref,
  Sender,
  SourceRef,
  Topology,
} from '@anybroker/driver'
import { intercept } from './intercept.ts'

/** What to put in place of the parts of a driver. Each is given the real part and returns what core will see. */
export interface DriverParts {
  readonly capabilities?: (inner: Capabilities) => Capabilities
  readonly connection?: (inner: Connection) => Connection
  readonly sender?: (inner: Sender, target: Ref) => Sender
  readonly receiver?: (inner: Receiver, source: SourceRef) => Receiver
  readonly topology?: (inner: Topology) => Topology
  readonly admin?: (inner: Admin) => Admin
}

/**
 * A driver with some of its parts replaced: the base of faulty drivers and of the conformance suite's mutants. What is not named
 * stays the real one.
 *
 * @example A receiver whose acks are dropped
 * ```ts
 * wrapDriver(memory(), {
 *   receiver: (inner) => override(inner, { settle: async (batch) => batch.map(() => ({ as: 'ok' })) }),
 * })
 * ```
 */
export function wrapDriver(inner: Driver, parts: DriverParts): Driver {
  const capabilities = (of: Capabilities) => parts.capabilities?.(of) ?? of
  return override(inner, {
    capabilities: capabilities(inner.capabilities),
    connect: async (runtime, signal) => {
      const opened = await inner.connect(runtime, signal)
      const connection = override(opened, {
        capabilities: capabilities(opened.capabilities),
        topology: parts.topology?.(opened.topology) ?? opened.topology,
        admin: parts.admin?.(opened.admin) ?? opened.admin,
        openSender: async (target, abort) => {
          const sender = await opened.openSender(target, abort)
          return parts.sender?.(sender, target) ?? sender
        },
        openReceiver: async (source, options, abort) => {
          const receiver = await opened.openReceiver(source, options, abort)
          return parts.receiver?.(receiver, source) ?? receiver
        },
      })
      return parts.connection?.(connection) ?? connection
    },
  })
}

/** `inner` with some members replaced; the others stay bound to `inner`, private fields included. */
export function override<T extends object>(inner: T, members: { [K in keyof T]?: T[K] | undefined }): T {
  return intercept(inner, (property, value) =>
    Object.hasOwn(members, property) ? members[property as keyof T] : value,
  )
}
