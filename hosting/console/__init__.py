"""The frame of the staff console: its admin site and its sessions."""
