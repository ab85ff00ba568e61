export { googlePubsub, fromUrl } from './google-pubsub.ts'
export type { GooglePubsubOptions } from './options.ts'
