"""Labels of a tenant: signed, changed, asked for, streamed; and how a labeler is set up."""
