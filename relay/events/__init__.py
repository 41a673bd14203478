"""The relay's firehose: its table as a stream, and the partitions of the table."""
