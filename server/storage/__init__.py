"""Bytes on disk or in S3, temporary files, and the floor of free disk space."""
