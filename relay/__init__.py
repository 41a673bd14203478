"""The relay: reads our own hosts and others, verifies, and serves one firehose of them all.

Source: atproto.com/specs/sync; com.atproto.sync. It is off without GROVE_RELAY_HOST. Reading order:
`models` (hosts, accounts, events), `hosts` and `accounts` (what may be asked and changed),
`events` (the stream that goes out), `verification` (what an event must be), `ingestion` (the
process that reads), `site` (what answers under the relay's name).

Other packages may call:

    hosts.listing.list_hosts(after_id, limit), find_host(hostname), rejections(host_id)
    hosts.bans.is_banned(hostname), ban(domain, reason), lift(domain)
    hosts.limits.set_account_limit(host_id, limit)
    hosts.crawl_requests.request_crawl(hostname)        what requestCrawl does
    accounts.take_down(did, reason), restore(did)
    events.stream.follow(cursor)                        frames, as a host's firehose gives them
    models.RelayEvent                                   by `seq`, for who derives something of them
"""
