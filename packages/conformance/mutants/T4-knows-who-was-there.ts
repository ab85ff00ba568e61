import { override, wrapDriver } from '@anybroker/testkit'
import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  clause: 'T4',
  name: 'a publisher reaches only the subscriptions that existed when it was opened',
  wrap: (driver) => {
    let order = 0
    const created = new Map<string, number>()
    const openedBefore = new Map<string, number>()
    return wrapDriver(driver, {
      topology: (inner) =>
        override(inner, {
          ensure: (ref, settings, signal) => {
            if (ref.kind === 'subscription') created.set(`${ref.topic}/${ref.name}`, (order += 1))
            return inner.ensure(ref, settings, signal)
          },
        }),
      sender: (inner, target) => {
        if (target.kind !== 'topic') return inner
        const opened = (order += 1)
        return override(inner, {
          send: (batch, signal) => {
            for (const { id } of batch) openedBefore.set(id, opened)
            return inner.send(batch, signal)
          },
        })
      },
      receiver: (inner, source) => {
        if (source.kind !== 'subscription') return inner
        const since = created.get(`${source.topic}/${source.name}`) ?? 0
        return override(inner, {
          receive: async (max, options) => {
            const taken = await inner.receive(max, options)
            const known = taken.filter(({ message }) => (openedBefore.get(message.id) ?? since) >= since)
            const unknown = taken.filter((delivery) => !known.includes(delivery))
            await inner.settle(
              unknown.map(({ receipt }) => ({ receipt, as: 'ack' })),
              options.signal,
            )
            return known
          },
        })
      },
    })
  },
}
