"""The ground floor and the wiring: settings, tenants, hosts, staff, embedded services, servers."""
