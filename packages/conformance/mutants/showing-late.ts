import type { Driver, WireMessage } from '@anybroker/driver'
import { override, seededRandom, wrapDriver } from '@anybroker/testkit'

/**
 * No mutant, but a driver below a service that hands out, shows and counts a message only some time after it confirmed it, up to
 * `withinMs`, each by itself: as those do that route or replicate in their own time. What has a key stays in order and is there at
 * once, and so is what has a time of its own.
 */
export function showingLate(
  driver: Driver,
  { seed, withinMs }: { readonly seed: number; readonly withinMs: number },
): Driver {
  const random = seededRandom(seed)
  return override(driver, {
    connect: (runtime, abort) => {
      const later = (message: WireMessage): WireMessage =>
        message.key === undefined && message.deliverAt === undefined
          ? { ...message, deliverAt: runtime.wallNow() + random() * withinMs }
          : message
      const late = wrapDriver(driver, {
        sender: (inner) => override(inner, { send: (batch, signal) => inner.send(batch.map(later), signal) }),
      })
      return late.connect(runtime, abort)
    },
  })
}
