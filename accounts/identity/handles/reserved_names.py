"""Reserved names: first labels that nobody may take as a handle at sign-up.

Names that a reader would take for the host itself (`admin`, `support`, `security`), that mail,
web or certificate software treats specially (RFC 2142, `autoconfig`, `wpad`), that this software
uses, or that invite passing off as a well-known service. A tenant's staff may still give them out.
"""

_MACHINES = """
api app apps assets atproto auth autoconfig autodiscover backup beta bgs blob blobs broadcasthost
cache calendar cdn chat client cloud cluster cname config console control cpanel cron dashboard data
database db debug default demo deploy dev devel developer developers development dhcp dns docs
domain download downloads edge example examples firehose ftp gateway git graphql grpc hostmaster
http https imap internal intranet invalid ipv4 ipv6 irc isatap jabber jetstream labeler ldap
live lists localdomain localhost login logout mail mailer mailerdaemon mailserver media metrics
mobile monitor monitoring mta mx mysql nameserver network nntp node noc none ns ns1 ns2 ns3 ns4 ntp
null oauth ops origin ozone pds peer plc pop pop3 postgres postmaster private prod production
proxy public redis registry relay repo repos repository resolver root rss sandbox search secure
server servers service services session sessions sftp shell sitemap smtp snmp socket spool sql ssh
ssl sso stage staging static stats status storage stream stun svn sync sys sysadmin system tcp
telnet temp test testing tests tls tmp token tokens tracker traffic turn udp upload uploads
uptime usenet uucp video vpn web webdav webhook webhooks webmail webmaster websocket wellknown
wpad www www1 www2 www3 xml xmpp xrpc
""".split()  # noqa: SIM905 - a page of words reads better without quotes

_PEOPLE_IN_CHARGE = """
abuse account accountant accounting accounts admin administration administrator admins advertise
advertising affiliate affiliates alert alerts all announce announcement announcements anonymous
appeals approve authority billing board bot bots bounce bounces business ceo certificate
certification certs community compliance contact contactus copyright customer customers
customerservice dmca donate everybody everyone faq feedback finance founder founders guest help
helpcenter helpdesk hello host hosting hr info information investor investors invite invites invoice
job jobs legal mailinglist management manager marketing me member members mod moderation
moderator moderators mods news newsletter nobody noreply notice notification notifications notify
office official operator operators order orders owner partner partners payment payments payroll
policy portal press pricing privacy promo recovery refund register registrar registration report
reports rules safety sales security shop signin signout signup somebody spam sponsor sponsors
staff store subscribe subscription subscriptions superadmin superuser support supporter
survey takedown team teams tech terms tos trust trustandsafety unsubscribe user username users
verification verified verify you
""".split()  # noqa: SIM905 - a page of words reads better without quotes

_THIS_SOFTWARE = """
about access activate ajax archive block blocked blog bluesky board bsky bskyapp callback captcha
categories category change claim consent create dashboards deactivate delete did directory discover
edit explore export favicon feed feeds follow followers following forgot forum grove handle
handles home humans identity import inbox index key keys label labels lexicon like likes list
manage message messages migrate moderate nsid page pages password passwords pay post posts
preferences profile profiles recover request reset review robots save self settings setup share
site sites skyline social starterpack tenant tenants thread timeline topic topics undefined
update upgrade welcome widget widgets wiki
""".split()  # noqa: SIM905 - a page of words reads better without quotes

_BRANDS = """
adobe airbnb aljazeera amazon android anthropic apple associatedpress bbc bing bitcoin blacksky
binance blogger chatgpt chrome cloudflare cnn coinbase discord disney dropbox ebay ethereum
eurosky facebook fbi firefox flipboard gitlab github gmail google guardian hotmail huggingface ibm
icloud imessage instagram interpol iphone kickstarter linkedin linux mastercard mastodon medium meta
metamask microsoft mozilla myspace nasa nato netflix nintendo npr nvidia nytimes openai oracle
outlook patreon paypal pinterest playstation proton protonmail quora reddit reuters revolut samsung
shopify signal skype slack snapchat sony soundcloud spotify stackoverflow steam stripe substack
tangled telegram tesla threads ticketmaster tiktok tumblr twitch twitter uber unesco unicef
unitednations venmo viber vimeo visa wechat weibo whatsapp whitehouse whitewind wikimedia wikipedia
windows wordpress xbox yahoo yandex youtube zelle zoom
""".split()  # noqa: SIM905 - a page of words reads better without quotes

RESERVED_LABELS = frozenset([*_MACHINES, *_PEOPLE_IN_CHARGE, *_THIS_SOFTWARE, *_BRANDS])


def is_reserved(label: str) -> bool:
    """Whether a label is kept back; dashes do not make another name of it (`ad-min`)."""
    return label in RESERVED_LABELS or label.replace("-", "") in RESERVED_LABELS
