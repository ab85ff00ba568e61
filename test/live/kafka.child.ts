// A consumer in a process of its own, which dies as its job says: argv is the URL of the broker and the job.
import { kill, pid } from 'node:process'
import { connect } from 'anybroker'

/** `odd`: acks the odd numbers and hangs in the even ones. `poison`: dies at once of the body `poison`. */
export type ChildJob = { readonly queue: string; readonly does: 'odd' | 'poison'; readonly maxAttempts: number }
export type ChildSays =
  | { readonly as: 'began' | 'acked'; readonly body: string; readonly attempt: number }
  | { readonly as: 'ready' }

const [url = '', given = ''] = process.argv.slice(2)
const job = JSON.parse(given) as ChildJob

// Whoever started it has gone: nobody will kill it any more.
process.on('disconnect', () => process.exit(1))
const tell = (message: ChildSays): void => void process.send?.(message)

const broker = await connect(url)
const retry = { maxAttempts: job.maxAttempts, backoff: { initialMs: 20, factor: 1, jitter: 0 } }
const queue = broker.queue<string>(job.queue, { retry })
await queue.consume(
  async (delivery) => {
    const { body, attempt } = delivery
    tell({ as: 'began', body, attempt })
    if (job.does === 'poison') {
      if (body === 'poison') kill(pid, 'SIGKILL')
      return
    }
    if (Number(body) % 2 === 0) await new Promise(() => {})
    await delivery.ack()
    tell({ as: 'acked', body, attempt })
  },
  { concurrency: 200, maxUnsettled: 200 },
)
tell({ as: 'ready' })
