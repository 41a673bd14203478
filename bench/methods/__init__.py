"""Every method that this server answers itself, beside the reference PDS where it has it."""
