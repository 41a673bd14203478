"""The console's moderation desk: the queue, one page a case, bulk actions, deadlines, limits."""
