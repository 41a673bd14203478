// Somebody opens the address that an app has printed, signs in, agrees, and goes back to the app.
//
//   node visit.mjs --url http://localhost:2583 --handle alice.test --password X --start URL
import { parseArgs } from 'node:util'
import { Person } from './person.mjs'

const { values: options } = parseArgs({
  options: Object.fromEntries(['url', 'handle', 'password', 'start'].map((name) => [name, { type: 'string' }])),
})
const person = new Person({ origin: options.url, ...options })
const back = await person.decide(options.start)
console.log((await fetch(back)).status)
