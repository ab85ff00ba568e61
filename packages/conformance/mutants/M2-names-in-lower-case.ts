import { makeHeaders, type WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function lowered(message: WireMessage): WireMessage {
  const entries = Object.entries(message.headers).map(([key, value]) => [key.toLowerCase(), value] as const)
  return { ...message, headers: makeHeaders(entries) }
}

export const mutant: Mutant = {
  clause: 'M2',
  name: 'header names are written in lower case',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => override(inner, { send: (batch, signal) => inner.send(batch.map(lowered), signal) }),
    }),
}
