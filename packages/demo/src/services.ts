import { setTimeout as sleep } from 'node:timers/promises'
import type { DurableSubscription, Queue, Worker } from 'anybroker'
import type { ErasureRequest, Report, Service } from './erasure.ts'
import type { Ledger } from './ledger.ts'

/** Each service's part. What it returns goes into the report; what it throws is tried again, and at last a dead letter. */
const PARTS: Readonly<Record<Service, (request: ErasureRequest) => string>> = {
  crm: ({ name }) => `the record of ${name} is deleted`,
  billing: ({ account }) => {
    if (!/^ACC-\d{6}$/.test(account)) throw new Error(`there is no account ${JSON.stringify(account)}`)
    return `the invoices of ${account} are anonymous`
  },
  search: ({ email }) => `${email} is out of the index`,
  audit: ({ receivedAt }) => `the request of ${receivedAt} is on record`,
}

/** What a part takes in earnest is longer; without this nobody would see the demo pass. */
const WORK_MS = 5

/**
 * One service: does its part of each request once, reports it to the queue, and only then lets the broker forget the request. A
 * request that comes again is recognised by its id, whatever the reason.
 */
export function startService(
  service: Service,
  inbox: DurableSubscription<ErasureRequest>,
  reports: Queue<Report>,
  ledger: Ledger,
): Promise<Worker> {
  // In earnest a table of this service, written in the transaction that does its part.
  const finished = new Set<string>()
  return inbox.consume(
    async (delivery) => {
      ledger.delivered(delivery)
      const request = delivery.body
      if (!finished.has(request.id)) {
        await sleep(WORK_MS, undefined, { signal: delivery.signal })
        const note = PARTS[service](request)
        await reports.send({ request: request.id, service, note }, { id: `${request.id}-${service}` })
      }
      if (finished.has(request.id)) return ledger.duplicated()
      finished.add(request.id)
      ledger.did(service, request.id)
    },
    { concurrency: 16 },
  )
}
