import { makeHeaders, type WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function cut(message: WireMessage): WireMessage {
  return { ...message, headers: makeHeaders(Object.entries(message.headers).slice(0, 10)) }
}

export const mutant: Mutant = {
  clause: 'M2',
  name: 'headers beyond the tenth are dropped in silence',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => override(inner, { send: (batch, signal) => inner.send(batch.map(cut), signal) }),
    }),
}
