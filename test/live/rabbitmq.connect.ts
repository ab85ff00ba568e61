import { connect, type Broker, type ConnectOptions } from 'anybroker'

/** For consumers in processes of their own. */
export default function connectToTest(options?: ConnectOptions): Promise<Broker> {
  const url = process.env['ANYBROKER_TEST_SPAWN_URL']
  if (url === undefined) throw new TypeError('ANYBROKER_TEST_SPAWN_URL is not set')
  return connect(url, options)
}
export { connectToTest as connect }
