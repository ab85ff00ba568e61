import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'R4',
  name: 'replies go to the inbox that was opened last, whoever asked',
  wrap: (driver) => {
    let newest: string | undefined
    return wrapDriver(driver, {
      receiver: (inner, source) => {
        if (source.kind === 'inbox') newest = inner.address
        return inner
      },
      connection: (inner) =>
        override(inner, {
          openSender: (target, signal) =>
            inner.openSender(
              target.kind === 'inbox' && newest !== undefined ? { ...target, address: newest } : target,
              signal,
            ),
        }),
    })
  },
}
