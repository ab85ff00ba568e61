export { sqsSns, fromUrl } from './sqs-sns.ts'
export type { SqsSnsOptions } from './options.ts'
