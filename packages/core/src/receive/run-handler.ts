import type { Handler } from '../api/consume.ts'
import { Tasks } from '../settle/tasks.ts'
import { toldElsewhere } from '../time/deferred.ts'
import type { Consumer } from './consumer.ts'
import type { Entry } from './entry.ts'
import type { OpenDelivery } from './open-delivery.ts'

/** Runs a handler for each message, up to `concurrency` at once. A handler that returns no promise costs none. */
export function runHandler(
  consumer: Consumer,
  handler: Handler<unknown>,
): { readonly wake: () => void; readonly handlers: Tasks } {
  const handlers = new Tasks()
  let looping = false

  const wake = () => {
    // A message that settles inside this loop wakes it again.
    if (looping) return
    looping = true
    while (consumer.running < consumer.concurrency) {
      const entry = consumer.next()
      if (entry === undefined) break
      begin(entry)
    }
    looping = false
  }

  const begin = (entry: Entry) => {
    const delivery = consumer.open(entry)
    if (delivery instanceof Promise) {
      const opened = delivery.then((open) => {
        if (open !== undefined) run(entry, open)
      })
      toldElsewhere(handlers.run(opened))
    } else if (delivery !== undefined) run(entry, delivery)
  }

  const run = (entry: Entry, delivery: OpenDelivery): void => {
    let result: unknown
    try {
      result = handler(delivery)
    } catch (error) {
      consumer.threw(delivery, entry, error)
      return
    }
    if (!isThenable(result)) {
      consumer.succeeded(delivery)
      return
    }
    handlers.begin()
    Promise.resolve(result).then(
      () => {
        handlers.end()
        consumer.succeeded(delivery)
      },
      (error: unknown) => {
        handlers.end()
        consumer.threw(delivery, entry, error)
      },
    )
  }

  return { wake, handlers }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
