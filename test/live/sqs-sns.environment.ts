/** A credential that no error may show. The engines take any. */
export const SECRET = 'CANARY-7f3a91'

process.env['AWS_REGION'] = 'us-east-1'
process.env['AWS_ACCESS_KEY_ID'] = 'test'
process.env['AWS_SECRET_ACCESS_KEY'] = SECRET

/** Makes something with the engine at `url` as the endpoint of AWS: a driver reads that when it is made. */
export function asAws<T>(url: string, make: () => T): T {
  const before = process.env['AWS_ENDPOINT_URL']
  process.env['AWS_ENDPOINT_URL'] = url
  try {
    return make()
  } finally {
    if (before === undefined) delete process.env['AWS_ENDPOINT_URL']
    else process.env['AWS_ENDPOINT_URL'] = before
  }
}
