import { toldElsewhere } from '../time/deferred.ts'
import { withDeadline } from '../time/deadline.ts'
import type { Link } from './link.ts'

/** How often a driver may look after what is left over on the broker, and how long one round may take. */
const EVERY_MS = 30_000

/** Calls the connection's `maintain`, where it has one, until the link is closed. Never twice at once. */
export function maintain(link: Link): void {
  const round = async (): Promise<void> => {
    for (;;) {
      // Rejects when the link is closed: that is the end.
      const { connection, down } = await link.live()
      if (connection.maintain === undefined) return
      try {
        await link.runtime.sleep(EVERY_MS, down)
        await withDeadline(link.runtime, EVERY_MS, down, async (signal) => connection.maintain?.(signal))
      } catch (error) {
        if (!down.aborted)
          link.runtime.log('warn', `anybroker: looking after leftovers on ${link.driver.name} failed`, { error })
      }
    }
  }
  toldElsewhere(round())
}
