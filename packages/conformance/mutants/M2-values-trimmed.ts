import { makeHeaders, type WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function trimmed(message: WireMessage): WireMessage {
  const entries = Object.entries(message.headers).map(([key, value]) => [key, value.trim()] as const)
  return { ...message, headers: makeHeaders(entries) }
}

export const mutant: Mutant = {
  clause: 'M2',
  name: 'header values are trimmed',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => override(inner, { send: (batch, signal) => inner.send(batch.map(trimmed), signal) }),
    }),
}
