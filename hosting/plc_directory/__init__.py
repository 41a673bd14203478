"""The embedded PLC directory: table, rules, HTTP API. It lets a laptop without a network be one."""
