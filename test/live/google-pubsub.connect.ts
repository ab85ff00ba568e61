import { googlePubsub } from '@anybroker/google-pubsub'
import { connect, type Broker, type ConnectOptions } from 'anybroker'

/** For consumers in processes of their own: the query of the import says to which broker. */
function connectToTest(options?: ConnectOptions): Promise<Broker> {
  const { searchParams } = new URL(import.meta.url)
  const url = process.env[searchParams.get('variable') ?? '']
  if (url === undefined) throw new TypeError('?variable= must name the variable with the URL of the broker')
  const namespace = searchParams.get('namespace') ?? ''
  return connect(googlePubsub({ projectId: 'anybroker', emulatorHost: new URL(url).host, namespace }), options)
}
export { connectToTest as connect }
