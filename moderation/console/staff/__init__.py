"""The console's pages about staff, and about second factors."""
