import { makeHeaders, type WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

const PORTABLE = /^[A-Za-z][A-Za-z0-9.-]*$/

function portable(message: WireMessage): WireMessage {
  return { ...message, headers: makeHeaders(Object.entries(message.headers).filter(([key]) => PORTABLE.test(key))) }
}

export const mutant: Mutant = {
  clause: 'M5',
  name: 'headers that our own rule forbids are left out of what arrives',
  wrap: (driver) =>
    wrapDriver(driver, {
      receiver: (inner) =>
        override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            return taken.map((delivery) => ({ ...delivery, message: portable(delivery.message) }))
          },
        }),
    }),
}
