import type { Admin, Driver, Topology } from '@anybroker/driver'
import { intercept } from './intercept.ts'
import { wrapDriver } from './wrap-driver.ts'

/** One call that reached the driver. */
export interface RecordedCall {
  readonly on: 'driver' | 'connection' | 'topology' | 'admin' | 'sender' | 'receiver'
  readonly method: string
  readonly given: readonly unknown[]
}

export interface Recorder {
  readonly driver: Driver
  /** Every call so far, oldest first; getters and what core only listens to (`onState`, `onLost`) are none. */
  readonly calls: readonly RecordedCall[]
  /** How many calls there were, of that method of that part where they are given. */
  count(on?: RecordedCall['on'], method?: string): number
  /** Forgets the calls so far: what comes now is counted from nought. */
  clear(): void
}

const LISTENING: ReadonlySet<PropertyKey> = new Set(['onState', 'onLost', 'describeError'])

/**
 * A driver that writes down every call that reaches it and does it. For proving that something reached the broker once, or never.
 *
 * @example A bad name does no I/O
 * ```ts
 * const { driver, count, clear } = recordingDriver(memory())
 * const broker = await connect(driver)
 * clear()
 * await expect(broker.queue('orders').send(undefined)).rejects.toThrow()
 * expect(count()).toBe(0)
 * ```
 */
export function recordingDriver(inner: Driver): Recorder {
  const calls: RecordedCall[] = []

  function recorded<T extends object>(on: RecordedCall['on'], part: T): T {
    return intercept(part, (property, value) => {
      if (typeof value !== 'function' || LISTENING.has(property)) return value
      return (...given: unknown[]): unknown => {
        calls.push({ on, method: String(property), given })
        return value(...given) as unknown
      }
    })
  }

  const parts = wrapDriver(inner, {
    connection: (connection) => recorded('connection', connection),
    topology: (topology: Topology) => recorded('topology', topology),
    admin: (admin: Admin) => recorded('admin', admin),
    sender: (sender) => recorded('sender', sender),
    receiver: (receiver) => recorded('receiver', receiver),
  })
  return {
    driver: recorded('driver', parts),
    calls,
    count: (on, method) =>
      calls.filter((call) => (on === undefined || call.on === on) && (method === undefined || call.method === method))
        .length,
    clear: () => void (calls.length = 0),
  }
}
