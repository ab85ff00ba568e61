import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'
import { without } from './kit/without.ts'

export const mutant: Mutant = {
  clause: 'R4',
  name: 'a reply does not carry its correlationId',
  wrap: (driver) =>
    wrapDriver(driver, {
      sender: (inner, target) =>
        target.kind !== 'inbox'
          ? inner
          : override(inner, {
              send: (batch, signal) =>
                inner.send(
                  batch.map((message) => without(message, 'correlationId')),
                  signal,
                ),
            }),
    }),
}
