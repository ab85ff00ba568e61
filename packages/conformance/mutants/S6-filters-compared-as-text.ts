import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'S6',
  name: 'filters are compared as they were written',
  wrap: (driver) => {
    const written = new Map<string, string>()
    return wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: (ref, settings, signal) => {
            if (ref.kind !== 'subscription') return inner.ensure(ref, settings, signal)
            const text = JSON.stringify(settings.filter)
            const name = `${ref.topic}/${ref.name}`
            if ((written.get(name) ?? text) !== text)
              return Promise.resolve({
                as: 'differs',
                differences: [`filter: there ${written.get(name)}, asked ${text}`],
              })
            written.set(name, text)
            return inner.ensure(ref, settings, signal)
          },
        }),
    })
  },
}
