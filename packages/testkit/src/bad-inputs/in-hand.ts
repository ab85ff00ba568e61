import type { BadInput } from './bad-input.ts'

/** A delivery without `replyTo`. What is refused leaves it unsettled. */
export interface BadInputDelivery {
  retry(options?: unknown): Promise<unknown>
  reject(options?: unknown): Promise<unknown>
  reply(body: unknown, options?: unknown): Promise<unknown>
}

export interface BadInputWorker {
  resize(options: unknown): Promise<unknown>
  close(options?: unknown): Promise<unknown>
}

export interface BadInputSubscription {
  seek(to: unknown, options?: unknown): Promise<unknown>
  unsubscribe(options?: unknown): Promise<unknown>
}

const of =
  <On>() =>
  (what: string, run: (on: On) => unknown, names?: string): BadInput<On> => ({
    id: 'O2',
    what,
    run,
    expect: 'TypeError',
    ...(names === undefined ? {} : { names }),
  })

const delivery = of<BadInputDelivery>()
const worker = of<BadInputWorker>()
const subscription = of<BadInputSubscription>()

export const BAD_ON_DELIVERY: readonly BadInput<BadInputDelivery>[] = [
  delivery('retry: delayMs: negative', (on) => on.retry({ delayMs: -1 }), 'delayMs'),
  delivery('retry: delayMs: NaN', (on) => on.retry({ delayMs: Number.NaN }), 'delayMs'),
  delivery('retry: delayMs: a string', (on) => on.retry({ delayMs: '5' }), 'delayMs'),
  delivery('retry: an option that there is not', (on) => on.retry({ delay: 5 }), 'delayMs'),
  delivery('retry: a number', (on) => on.retry(5)),
  delivery('reject: reason: a number', (on) => on.reject({ reason: 5 }), 'reason'),
  delivery('reject: an option that there is not', (on) => on.reject({ reasons: 'x' }), 'reason'),
  delivery('reject: a string', (on) => on.reject('no')),
  delivery('reply: nobody asked for one', (on) => on.reply({}), 'reply'),
]

export const BAD_ON_WORKER: readonly BadInput<BadInputWorker>[] = [
  worker('resize: nothing', (on) => on.resize(undefined)),
  worker('resize: concurrency: zero', (on) => on.resize({ concurrency: 0 }), 'concurrency'),
  worker('resize: maxUnsettled: a string', (on) => on.resize({ maxUnsettled: '5' }), 'maxUnsettled'),
  worker('resize: an option that there is not', (on) => on.resize({ prefetch: 5 }), 'prefetch'),
  worker('close: drainMs: negative', (on) => on.close({ drainMs: -1 }), 'drainMs'),
]

export const BAD_ON_SUBSCRIPTION: readonly BadInput<BadInputSubscription>[] = [
  subscription('seek: nothing', (on) => on.seek(undefined)),
  subscription('seek: the end', (on) => on.seek('end')),
  subscription('seek: a number', (on) => on.seek(0)),
  subscription('seek: an invalid Date', (on) => on.seek(new Date(Number.NaN))),
  subscription('seek: timeoutMs: zero', (on) => on.seek('start', { timeoutMs: 0 }), 'timeoutMs'),
  subscription('unsubscribe: an option that there is not', (on) => on.unsubscribe({ force: true }), 'force'),
]
