import { addressOf, answers } from './answers.ts'
import type { Broker } from './broker.ts'
import { urlVariable, type BrokerName } from './names.ts'

/** The broker that the environment names. It is not ours: it can be used, and neither stopped nor started. */
export async function brokerAtUrl(name: BrokerName, url: string): Promise<Broker> {
  if (!(await answers(name, url))) {
    throw new Error(`${urlVariable(name)} is set, and no ${name} answers at ${addressOf(url)}`)
  }
  const refuse = (verb: string) => (): Promise<never> =>
    Promise.reject(new Error(`Can't ${verb} ${name}: it was not started here, ${urlVariable(name)} names it`))
  const leave = (): Promise<void> => Promise.resolve()
  return {
    name,
    origin: 'url',
    url,
    restart: refuse('restart'),
    kill: refuse('kill'),
    freeze: refuse('freeze'),
    thaw: refuse('thaw'),
    logs: refuse('read the logs of'),
    rabbitmqctl: refuse('administer'),
    down: leave,
    [Symbol.asyncDispose]: leave,
  }
}
