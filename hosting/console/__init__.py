"""The staff console's admin site and its sessions."""
