"""The account's life: what its apps keep here, deactivation, deletion, changes by staff."""
