import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'D4',
  name: 'an empty header is lost on the way to the dead letters',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner, target) => {
        if (target.kind !== 'dead-letters') return inner
        const filled = (headers: Readonly<Record<string, string>>) =>
          Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''))
        return override(inner, {
          send: (batch, signal) =>
            inner.send(
              batch.map((message) => ({ ...message, headers: filled(message.headers) })),
              signal,
            ),
        })
      },
    }),
}
