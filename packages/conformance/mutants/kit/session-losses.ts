import type { Driver } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'

/** A driver that counts what its sessions lost by misfortune: those of the memory engine's harsh profile, and no others. */
export interface CountedLosses {
  readonly driver: Driver
  readonly losses: () => number
}

export function countedLosses(inner: Driver): CountedLosses {
  let losses = 0
  const count = (error: unknown): void => {
    if (error instanceof Error && error.message.includes('(profile harsh)')) losses += 1
  }
  const driver = wrapDriver(inner, {
    connection: (connection) =>
      override(connection, {
        onState: (listener) =>
          connection.onState((state) => {
            if (state.as === 'disconnected') count(state.error)
            listener(state)
          }),
      }),
    receiver: (receiver) =>
      override(receiver, {
        receive: async (max, options) => {
          try {
            return await receiver.receive(max, options)
          } catch (error) {
            count(error)
            throw error
          }
        },
      }),
  })
  return { driver, losses: () => losses }
}
