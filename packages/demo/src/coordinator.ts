import type { Queue, Worker } from 'anybroker'
import { type ErasureRequest, type Mail, type Report, SERVICES, type Service } from './erasure.ts'
import type { Ledger } from './ledger.ts'

/**
 * Completes a request when all four services have answered, in whatever order and however often, and has the person told. It
 * completes none before the broker has the mail.
 */
export function startCoordinator(
  reports: Queue<Report>,
  mails: Queue<Mail>,
  requests: ReadonlyMap<string, ErasureRequest>,
  ledger: Ledger,
): Promise<Worker> {
  const answers = new Map<string, Set<Service>>()
  const completed = new Set<string>()
  return reports.consume(
    async (delivery) => {
      ledger.delivered(delivery)
      const { request, service } = delivery.body
      const answered = answers.get(request) ?? new Set()
      const before = answered.size
      answers.set(request, answered.add(service))
      let isNew = answered.size > before
      if (answered.size === SERVICES.length && !completed.has(request)) {
        const to = requests.get(request)?.email
        if (to === undefined) throw new Error(`a report on ${request}, which nobody asked for`)
        await mails.send({ request, to, subject: 'Your data has been erased' }, { id: `${request}-mail` })
        isNew ||= !completed.has(request)
        completed.add(request)
        ledger.completed(request)
      }
      if (!isNew) ledger.duplicated()
    },
    { concurrency: 16 },
  )
}
