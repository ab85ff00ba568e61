import { connect, type Broker, type ConnectOptions } from 'anybroker'

/** For consumers in processes of their own: the query of the import says to which broker. */
function connectToTest(options?: ConnectOptions): Promise<Broker> {
  const { searchParams } = new URL(import.meta.url)
  const url = process.env[searchParams.get('variable') ?? '']
  if (url === undefined) throw new TypeError('?variable= must name the variable with the URL of the broker')
  return connect(`${url}/?${searchParams.get('query')}`, options)
}
export { connectToTest as connect }
