import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { whileAwake } from './while-awake.ts'

const STALL_MS = 150

function context(): { readonly t: { after(cleanup: () => unknown): void }; readonly end: () => void } {
  const cleanups: (() => unknown)[] = []
  return {
    t: { after: (cleanup) => void cleanups.push(cleanup) },
    end: () => {
      for (const cleanup of cleanups) cleanup()
    },
  }
}

/** A turn of the event loop in which nothing else runs. */
function standStill(): void {
  const until = performance.now() + 3 * STALL_MS
  while (performance.now() < until);
}

it('a failure while the process stood still proves nothing and is run again, twice at most', async () => {
  const { t, end } = context()
  let runs = 0
  const failing = async (): Promise<void> => {
    runs += 1
    await sleep(1)
    standStill()
    await sleep(1)
    throw new Error(`run ${runs}`)
  }
  await expect(whileAwake(t, STALL_MS, failing)).rejects.toThrow('run 3')
  runs = 0
  await whileAwake(t, STALL_MS, () =>
    failing().catch((error: unknown) => (runs < 2 ? Promise.reject(error) : undefined)),
  )
  expect(runs).toBe(2)
  end()
})

it('any other failure is one', async () => {
  const { t, end } = context()
  let runs = 0
  const failing = async (): Promise<void> => {
    runs += 1
    throw new Error('at once')
  }
  await expect(whileAwake(t, 60_000, failing)).rejects.toThrow('at once')
  expect(runs).toBe(1)
  end()
})
