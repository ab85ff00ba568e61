import type { WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function cut(message: WireMessage): WireMessage {
  const end = message.body.indexOf(0)
  return end < 0 ? message : { ...message, body: message.body.subarray(0, end) }
}

export const mutant: Mutant = {
  clause: 'M1',
  name: 'the body ends at its first zero byte',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => override(inner, { send: (batch, signal) => inner.send(batch.map(cut), signal) }),
    }),
}
