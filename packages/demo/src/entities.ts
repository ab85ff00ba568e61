import type { Broker, DurableSubscription, Queue, RetryPolicy, Topic } from 'anybroker'
import { type ErasureRequest, erasureRequest, type Mail, type Report, type Service } from './erasure.ts'

/** Short, so that a demo shows in a second what takes an hour in earnest. */
const IMPATIENT: RetryPolicy = { maxAttempts: 3, backoff: { initialMs: 50, maxMs: 200 } }
/** Reports and mails are never poison: what fails is tried for long. */
const PATIENT: RetryPolicy = { maxAttempts: 20, backoff: { initialMs: 50, maxMs: 1000 } }

export interface Entities {
  readonly requested: Topic<ErasureRequest>
  readonly inboxes: Readonly<Record<Service, DurableSubscription<ErasureRequest>>>
  readonly reports: Queue<Report>
  readonly mails: Queue<Mail>
  /** Everything of this run, backlogs and dead letters included. */
  delete(): Promise<void>
}

/**
 * What this run works with. The names end in `run`, so that it neither meets what an earlier run left behind nor touches anything
 * of yours that has the same name.
 */
export async function createEntities(broker: Broker, run: string): Promise<Entities> {
  const requested = broker.topic(`erasure-requested-${run}`, { schema: erasureRequest })
  const reports = broker.queue<Report>(`erasure-done-${run}`, { retry: PATIENT })
  const mails = broker.queue<Mail>(`erasure-mail-${run}`, { retry: PATIENT })
  const inbox = (service: Service) => requested.durableSubscription(service, { retry: IMPATIENT })
  // From here on each subscription keeps what is published, also for a service that has not started yet.
  const [crm, billing, search, audit] = await Promise.all([
    inbox('crm'),
    inbox('billing'),
    inbox('search'),
    inbox('audit'),
  ])
  return {
    requested,
    inboxes: { crm, billing, search, audit },
    reports,
    mails,
    async delete() {
      await Promise.all([requested.delete(), reports.delete(), mails.delete()])
    },
  }
}
