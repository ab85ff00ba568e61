import type { Letter, Source } from 'anybroker'
import type { Entities } from './entities.ts'
import { type ErasureRequest, SERVICES } from './erasure.ts'
import type { Ledger } from './ledger.ts'

/**
 * What a person does who looks through dead letters: corrects what can be corrected, and sends it back. Looks only at `where` they
 * are known to lie, by the names of services and queues; everywhere if nothing is known.
 */
export async function lookThroughDeadLetters(
  entities: Entities,
  where: ReadonlySet<string>,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  const { inboxes, reports, mails } = entities
  const looks = new Map<string, () => Promise<void>>([
    [reports.name, () => redriveUnchanged(reports, ledger, signal)],
    [mails.name, () => redriveUnchanged(mails, ledger, signal)],
  ])
  for (const service of SERVICES) looks.set(service, () => redriveRequests(inboxes[service], ledger, signal))
  await Promise.all([...looks].filter(([name]) => where.size === 0 || where.has(name)).map(([, look]) => look()))
}

async function redriveRequests(inbox: Source<ErasureRequest>, ledger: Ledger, signal: AbortSignal): Promise<void> {
  const { redriven } = await inbox.deadLetters.redrive({
    where: (letter) => {
      if (correct(letter.body) !== undefined) return true
      ledger.leftBehind(letter.id, `${inbox.name}: ${letter.dead.error ?? letter.dead.reason}`)
      return false
    },
    change: (letter) => ({ body: recordCorrection(letter, inbox.name, ledger) }),
    signal,
  })
  ledger.redriven(redriven)
}

async function redriveUnchanged<T>(queue: Source<T>, ledger: Ledger, signal: AbortSignal): Promise<void> {
  const { redriven } = await queue.deadLetters.redrive({ signal })
  ledger.redriven(redriven)
}

function recordCorrection(letter: Letter<ErasureRequest>, at: string, ledger: Ledger): ErasureRequest {
  const corrected = correct(letter.body)
  if (letter.body === undefined || corrected === undefined) throw new Error(`${letter.id} can't be corrected`)
  const { attempts, error, reason } = letter.dead
  const from = letter.body.account
  const to = corrected.account
  const change = from === to ? {} : { change: { from, to } }
  ledger.corrected({ request: corrected.id, at, attempts, error: error ?? reason, ...change })
  return corrected
}

/** Undoes what people do to numbers: letters for digits, spaces. Undefined where that does not make an account of it. */
export function correct(request: ErasureRequest | undefined): ErasureRequest | undefined {
  const [, digits = ''] = /^\s*ACC[-\s]*([\dOoIl\s]+)$/i.exec(request?.account ?? '') ?? []
  const account = `ACC-${digits.replaceAll(/\s/g, '').replaceAll(/[Oo]/g, '0').replaceAll(/[Il]/g, '1')}`
  return request && /^ACC-\d{6}$/.test(account) ? { ...request, account } : undefined
}
