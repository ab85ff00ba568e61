import { randomUUID } from 'node:crypto'
import { type Broker, connect } from 'anybroker'
import { startCoordinator } from './coordinator.ts'
import { createEntities, type Entities } from './entities.ts'
import { type ErasureRequest, type Service, SERVICES } from './erasure.ts'
import { InputError } from './input.ts'
import type { Ledger } from './ledger.ts'
import { startMailer } from './mailer.ts'
import { lookThroughDeadLetters } from './operator.ts'
import { publish } from './publisher.ts'
import { startService } from './services.ts'

/** Who watches: told in a sentence what happens next, and of nothing that it could change. */
export type Say = (sentence: string) => void

/** Where nothing has happened for so long, dead letters are looked for that nobody in this process was told of. */
const QUIET_MS = 3000

/** The whole story, on whatever broker the URL names. Resolves when every request is completed or needs a person. */
export async function run(
  url: string,
  requests: readonly ErasureRequest[],
  ledger: Ledger,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  await using broker = await open(url, signal)
  await using entities = disposable(await createEntities(broker, randomUUID().slice(0, 8)), say)
  const heardOf = hearOfDeadLetters(broker, ledger)

  const byId = new Map(requests.map((request) => [request.id, request]))
  const start = (service: Service) => startService(service, entities.inboxes[service], entities.reports, ledger)
  await using _coordinator = await startCoordinator(entities.reports, entities.mails, byId, ledger)
  await using _mailer = await startMailer(entities.mails, ledger)
  await using _crm = await start('crm')
  await using _billing = await start('billing')
  await using _search = await start('search')

  say('Publishing. crm, billing and search are at work; audit is away.')
  await publish(entities.requested, requests, ledger, signal)
  const present = SERVICES.filter((service) => service !== 'audit')
  const dealtWith = () => present.every((service) => ledger.dealtWith(service))
  await ledger.until(dealtWith, signal, QUIET_MS)

  say('The three have done what they can, and nothing is complete. audit comes back to what was kept for it.')
  await using _audit = await start('audit')
  await ledger.until(() => ledger.dealtWith('audit'), signal, QUIET_MS)

  say('Dead letters are looked through, corrected and sent back.')
  while (!ledger.settled) {
    const where = new Set(heardOf)
    heardOf.clear()
    await lookThroughDeadLetters(entities, where, ledger, signal)
    await ledger.until(() => ledger.settled || heardOf.size > 0, signal, QUIET_MS)
  }
}

async function open(url: string, signal: AbortSignal): Promise<Broker> {
  try {
    return await connect(url, { source: 'erasure-demo', drainMs: 5000, signal })
  } catch (error) {
    // A wrong URL is a wrong argument to a program, and a wrong input to its user.
    throw error instanceof TypeError ? new InputError(error.message, { cause: error }) : error
  }
}

/** Counts them, and keeps the names of the services and queues that gave them up. */
function hearOfDeadLetters(broker: Broker, ledger: Ledger): Set<string> {
  const heardOf = new Set<string>()
  broker.on('deadLettered', ({ origin, id }) => {
    // A subscription is told as `topic/name`, and its name is that of the service.
    const at = origin.slice(origin.indexOf('/') + 1)
    heardOf.add(at)
    ledger.deadLettered(at, id)
  })
  return heardOf
}

/** Deletes the entities when the run ends, however it ends. A failure is told: it hides nothing that happened before. */
function disposable(entities: Entities, say: Say): Entities & AsyncDisposable {
  return {
    ...entities,
    async [Symbol.asyncDispose]() {
      try {
        await entities.delete()
      } catch (error) {
        say(`What this run created could not be deleted: ${error instanceof Error ? error.message : String(error)}`)
      }
    },
  }
}
