"""What the law asks of a host: holds, signed evidence, abuse notices, figures of each month."""
