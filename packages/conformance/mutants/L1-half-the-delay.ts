import type { WireMessage } from '@anybroker/driver'
import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

function sooner(message: WireMessage): WireMessage {
  if (message.deliverAt === undefined) return message
  return { ...message, deliverAt: message.sentAt + Math.floor((message.deliverAt - message.sentAt) / 2) }
}

export const mutant: Mutant = {
  clause: 'L1',
  name: 'a delayed message comes at half its time',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner) => override(inner, { send: (batch, signal) => inner.send(batch.map(sooner), signal) }),
    }),
}
