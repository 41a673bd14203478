"""The Django project and its tenants: settings, hosts, staff, limits, mail, the PLC directory."""
