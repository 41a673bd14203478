// Loaded before each service (node --import): names below localhost lead to this machine, whatever its resolver
// thinks of them, and nothing listens elsewhere.
import dns from 'node:dns'
import net from 'node:net'

const lookup = dns.lookup
dns.lookup = (name, ...rest) => lookup(/(^|\.)localhost\.?$/.test(name) ? '127.0.0.1' : name, ...rest)

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, typeof port === 'number' ? { port, host: '127.0.0.1' } : port, ...rest)
}
