import { makeHeaders, type WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function stripped(message: WireMessage): WireMessage {
  return { ...message, headers: makeHeaders(Object.entries(message.headers).filter(([key]) => !key.startsWith('ab-'))) }
}

export const mutant: Mutant = {
  clause: 'M5',
  name: 'every header that begins with ab- is taken for one of ours and thrown away',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            return taken.map((delivery) => ({ ...delivery, message: stripped(delivery.message) }))
          },
        }),
    }),
}
