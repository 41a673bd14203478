// RFC 6761: names under localhost are loopback, whatever this machine's resolver thinks of them. To be imported.
import dns from 'node:dns'

const lookUp = dns.lookup
dns.lookup = (name, ...rest) => lookUp(name.endsWith('.localhost') ? 'localhost' : name, ...rest)
