// Calls node-smsc, as it is published, and prints what each call gives: a line of JSON for each.
// The arguments are the address of the service, and calls as JSON: [name, parameters].
const [url, login, password, ...calls] = process.argv.slice(2)
const smsc = require('node-smsc')({ login: login, password: password, request: url })

async function main () {
  for (const call of calls) {
    const [name, parameters] = JSON.parse(call)
    try {
      console.log(JSON.stringify({ value: await smsc[name](parameters) }))
    } catch (error) {
      console.log(JSON.stringify({ error: error.name, message: error.message, response: error.response }))
    }
  }
}

main()
