import type { Queue, Worker } from 'anybroker'
import type { Mail } from './erasure.ts'
import type { Ledger } from './ledger.ts'

/** Sends each person one mail, aside from all else: a mail server that is slow holds up nothing but mails. */
export function startMailer(mails: Queue<Mail>, ledger: Ledger): Promise<Worker> {
  const outbox = new Map<string, Mail>()
  return mails.consume(
    (delivery) => {
      ledger.delivered(delivery)
      const mail = delivery.body
      if (outbox.has(mail.request)) return ledger.duplicated()
      outbox.set(mail.request, mail)
      ledger.mailed(mail.request)
    },
    { concurrency: 4 },
  )
}
