"""The console's pages about labels: the labeler set up, its values, labels put and taken back."""
