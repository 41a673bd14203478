"""Archives of whole tenants: one file by which a tenant leaves one deployment and comes to another.

Reading order: `container` (the file: a tar that can be gone on with), `keys` (who can open its
secrets), `tables` (which rows go, and how they are numbered anew), `blob_files`, `exporting`,
`importing`, `restoring`; `kept_files` and `jobs` for whoever works by the API or by page. The
format is documented in docs/operators/tenant-archive.md.
"""
