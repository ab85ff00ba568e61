import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'O2',
  name: 'a retried message blocks every key',
  wrap: (driver) =>
    wrapDriver(driver, {
      capabilities: (inner) => ({ ...inner, D2: { ...inner.D2, block: true, holdMaxMs: 0 } }),
      sender: (inner) =>
        override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => (message.key === undefined ? message : { ...message, key: 'one-for-all' })),
              signal,
            ),
        }),
    }),
}
