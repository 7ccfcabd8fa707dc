export { default } from 'fastify-sessions'
export { options as autoConfig } from '../options.js'
