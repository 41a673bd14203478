"""Archives of tenants on the console: exports for who may have them, imports for the provider."""
