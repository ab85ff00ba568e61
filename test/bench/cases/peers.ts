import * as fastq from 'fastq'
import { BODY_BYTES, Countdown, inWindows, type BenchCase } from '../bench.ts'

const CONCURRENCY = 100
const idle = { close: () => Promise.resolve() }

/** What nobody can beat, and what a fast in-process queue without ack and lease does. */
export const peers: readonly BenchCase[] = [
  {
    name: 'array push + shift',
    start: async () => {
      const waiting: { readonly body: Uint8Array }[] = []
      const body = new Uint8Array(BODY_BYTES)
      let bytes = 0
      return {
        ...idle,
        run: (messages) =>
          inWindows(messages, async (count) => {
            for (let index = 0; index < count; index++) waiting.push({ body })
            for (let index = 0; index < count; index++) bytes += waiting.shift()?.body.length ?? 0
          }),
        close: async () => {
          if (bytes === 0) throw new Error('nothing was carried')
        },
      }
    },
  },
  {
    name: 'fastq, 100',
    start: async () => {
      const handled = new Countdown()
      const queue = fastq.default((_body: Uint8Array, done: (error: Error | null) => void) => done(null), CONCURRENCY)
      const body = new Uint8Array(BODY_BYTES)
      return {
        ...idle,
        run: (messages) =>
          inWindows(messages, (count) => {
            handled.expect(count)
            for (let index = 0; index < count; index++) queue.push(body, handled.count)
            return handled.reached(0)
          }),
      }
    },
  },
  {
    name: 'fastq.promise, 100',
    start: async () => {
      const queue = fastq.promise(async (_body: Uint8Array) => undefined, CONCURRENCY)
      const body = new Uint8Array(BODY_BYTES)
      return {
        ...idle,
        run: (messages) =>
          inWindows(messages, (count) => {
            const pushed: Promise<unknown>[] = []
            for (let index = 0; index < count; index++) pushed.push(queue.push(body))
            return Promise.all(pushed)
          }),
      }
    },
  },
]
