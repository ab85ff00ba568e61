import { connect, type Broker, type ConnectOptions } from 'anybroker'

/** For consumers in processes of their own: the query of the import says to which broker, and with which options. */
function connectToTest(options?: ConnectOptions): Promise<Broker> {
  const { searchParams } = new URL(import.meta.url)
  const url = process.env[searchParams.get('variable') ?? '']
  if (url === undefined) throw new TypeError('?variable= must name the variable with the URL of the broker')
  searchParams.delete('variable')
  return connect(`${url}?${searchParams.toString()}`, options)
}
export { connectToTest as connect }
